import type { Clock } from '#core/clock.ts';
import type { FakeBlock, ModalView } from './blocks.ts';

export type FakeUser = {
  readonly id: string;
  readonly name: string;
  readonly guest: boolean;
  readonly bot: boolean;
};
export type FakeChannel = {
  readonly id: string;
  readonly name: string;
  readonly isPrivate: boolean;
  /** With another workspace, or with another organisation. */
  shared: 'no' | 'workspaces' | 'organisations';
  readonly members: Set<string>;
};
export type FakeFile = {
  readonly id: string;
  readonly title: string;
  readonly alt: string;
  readonly bytes: Buffer;
};
/** `by` is a person or the app's own user; `versions` are what stood there before, oldest first. */
export type FakeMessage = {
  readonly channel: string;
  readonly ts: string;
  readonly thread: string | null;
  readonly by: string;
  readonly metadata: unknown;
  readonly files: readonly FakeFile[];
  readonly versions: { readonly at: number; readonly text: string; readonly blocks: readonly FakeBlock[] }[];
  at: number;
  text: string;
  blocks: readonly FakeBlock[];
  deleted: boolean;
};
/** What one person alone sees, until they load the page again. */
export type FakeWhisper = {
  readonly channel: string;
  readonly thread: string | null;
  readonly to: string;
  readonly text: string;
  readonly blocks: readonly FakeBlock[];
  readonly at: number;
};
/** A window that is open at a person's. */
export type FakeWindow = {
  readonly id: string;
  readonly to: string;
  readonly view: ModalView;
  readonly errors: Readonly<Record<string, string>>;
};
/** One call of the web API. */
export type FakeCall = {
  readonly at: number;
  readonly method: string;
  readonly args: Readonly<Record<string, string>>;
  readonly status: number;
  /** Null: it was done. */
  readonly error: string | null;
};

/** Everything that somebody who looks at the workspace could see. Live: read it again after each change. */
export type FakeWorkspace = {
  readonly team: string;
  readonly app: string;
  readonly bot: { readonly user: string; readonly id: string };
  readonly users: Map<string, FakeUser>;
  readonly channels: Map<string, FakeChannel>;
  readonly messages: FakeMessage[];
  readonly whispers: FakeWhisper[];
  readonly homes: Map<string, readonly FakeBlock[]>;
  readonly windows: Map<string, FakeWindow>;
  readonly calls: FakeCall[];
  /** What the app did that Slack would not understand: an unknown acknowledgement, a second one. */
  readonly misuse: string[];
};

/** Ids and time stamps as Slack's look, counted up. */
export type Numbers = { ts(): string; id(prefix: string): string };

export function createNumbers(clock: Clock): Numbers {
  let [count, last] = [0, 0];
  return {
    ts: () => {
      last = Math.max(clock.now() * 1000, last + 1);
      return `${Math.floor(last / 1e6)}.${String(last % 1e6).padStart(6, '0')}`;
    },
    id: (prefix) => {
      count += 1;
      return `${prefix}${count.toString(36).toUpperCase().padStart(8, '0')}`;
    },
  };
}

export type WorkspaceOptions = {
  readonly team?: string;
  readonly app?: string;
  readonly users: readonly (Pick<FakeUser, 'id' | 'name'> & { readonly guest?: boolean })[];
  readonly channels: readonly (Pick<FakeChannel, 'id' | 'name'> & {
    readonly shared?: FakeChannel['shared'];
    readonly isPrivate?: boolean;
    /** Left out = everybody, and the app. */
    readonly members?: readonly string[];
  })[];
};

/** A workspace with its people, its channels and one app. */
export function createWorkspace(options: WorkspaceOptions): FakeWorkspace {
  const bot = { user: 'U0FIREBREAK', id: 'B0FIREBREAK' };
  const people = options.users.map((user): FakeUser => ({ guest: false, ...user, bot: false }));
  const users = [...people, { id: bot.user, name: 'firebreak', guest: false, bot: true }];
  const everybody = users.filter(({ guest }) => !guest).map(({ id }) => id);
  const channels = options.channels.map(
    ({ members = everybody, shared = 'no', isPrivate = false, ...channel }): FakeChannel => ({
      ...{ ...channel, shared, isPrivate },
      members: new Set(members),
    }),
  );
  return {
    ...{ team: options.team ?? 'T0FAKE', app: options.app ?? 'A0FAKE', bot },
    users: new Map(users.map((user) => [user.id, user])),
    channels: new Map(channels.map((channel) => [channel.id, channel])),
    ...{ messages: [], whispers: [], calls: [], misuse: [] },
    ...{ homes: new Map(), windows: new Map() },
  };
}

/** The message at a place, if it was not deleted. */
export function messageAt(
  workspace: Pick<FakeWorkspace, 'messages'>,
  channel: string,
  ts: string,
): FakeMessage | undefined {
  return workspace.messages.find((one) => one.channel === channel && one.ts === ts && !one.deleted);
}
