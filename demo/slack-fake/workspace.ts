/** What the page reads of a workspace, and what it does there for a person; handed in. */

export type Block = { readonly type: string; readonly [more: string]: unknown };

export type Workspace = {
  readonly bot: { readonly user: string };
  readonly users: ReadonlyMap<string, { readonly id: string; readonly name: string; readonly bot: boolean }>;
  readonly channels: ReadonlyMap<
    string,
    { readonly id: string; readonly name: string; readonly members: ReadonlySet<string> }
  >;
  readonly messages: readonly {
    readonly channel: string;
    readonly ts: string;
    readonly thread: string | null;
    readonly by: string;
    readonly at: number;
    readonly text: string;
    readonly blocks: readonly Block[];
    readonly files: readonly File[];
    readonly versions: readonly unknown[];
    readonly deleted: boolean;
  }[];
  readonly whispers: readonly {
    readonly channel: string;
    readonly thread: string | null;
    readonly to: string;
    readonly text: string;
    readonly blocks: readonly Block[];
    readonly at: number;
  }[];
  readonly homes: ReadonlyMap<string, readonly Block[]>;
  readonly windows: ReadonlyMap<
    string,
    {
      readonly id: string;
      readonly to: string;
      readonly view: {
        readonly title: { readonly text: string };
        readonly submit?: { readonly text: string } | undefined;
        readonly close?: { readonly text: string } | undefined;
        readonly blocks: readonly Block[];
      };
      readonly errors: Readonly<Record<string, string>>;
    }
  >;
};

export type File = {
  readonly id: string;
  readonly title: string;
  readonly alt: string;
  readonly bytes: Uint8Array;
};

/** `why` is what the person is told when the app did not answer. */
export type Told =
  | { readonly kind: 'acknowledged' }
  | { readonly kind: 'not_acknowledged'; readonly why: string };

/** What a person does. Each resolves when the app has acknowledged it, or has not; throws for what is not there. */
export type Hands = {
  say(what: { user: string; channel: string; text: string; thread?: string }): Promise<Told>;
  command(what: { user: string; channel: string; text: string }): Promise<Told>;
  click(what: { user: string; channel: string; ts: string; action: string }): Promise<Told>;
  /** `at` counts what only this person was shown, from the oldest. */
  clickWhisper(what: { user: string; at: number; action: string }): Promise<Told>;
  /** Sends a window with the values of its inputs by block. */
  submit(what: { window: string; values: Readonly<Record<string, string>> }): Promise<Told>;
  dismiss(window: string): void;
  openHome(user: string): Promise<Told>;
};
