import { z } from 'zod';
import type { Clock } from '#core/clock.ts';
import type { Web, WebRefusal } from './web.ts';

/** Why nothing is posted into a channel. Closed list. */
export type ChannelRefusal = 'shared_with_others' | 'guests' | 'too_large_to_check' | 'not_a_member';

export type ChannelVerdict =
  | { readonly kind: 'allowed' }
  | { readonly kind: 'refused'; readonly reason: ChannelRefusal }
  /** It could not be looked at, which counts as no. */
  | { readonly kind: 'unseen'; readonly why: WebRefusal };

export type Channels = { look(channel: string, signal?: AbortSignal): Promise<ChannelVerdict> };

const KEEP_MS = 10 * 60_000;
/** A no is asked about again sooner: somebody may have put it right. */
const KEEP_NO_MS = 60_000;
const PAGE = 1000;
const MOST_PAGES = 10;
/** So many members that the list of everybody does not name are asked about one by one. */
const MOST_SINGLE = 100;

const Info = z.looseObject({
  channel: z.looseObject({
    is_member: z.boolean().default(true),
    is_shared: z.boolean().default(false),
    is_ext_shared: z.boolean().default(false),
    is_org_shared: z.boolean().default(false),
    is_pending_ext_shared: z.boolean().default(false),
  }),
});
const next = { response_metadata: z.looseObject({ next_cursor: z.string().default('') }).optional() };
const Members = z.looseObject({ members: z.array(z.string()), ...next });
const User = z.looseObject({
  id: z.string(),
  team_id: z.string().optional(),
  is_restricted: z.boolean().default(false),
  is_ultra_restricted: z.boolean().default(false),
  is_stranger: z.boolean().default(false),
});
type User = z.infer<typeof User>;
const Users = z.looseObject({ members: z.array(User), ...next });
const One = z.looseObject({ user: User });

type Paged<T> = { method: string; args: Readonly<Record<string, unknown>>; answer: z.ZodType<T> };
type Read<T> =
  | { readonly kind: 'read'; readonly value: T; readonly isCut?: true }
  | Exclude<ChannelVerdict, { kind: 'allowed' }>;

/**
 * Says where may be posted: nowhere that people of other organisations or guests can read, unless the config lists the
 * channel. A yes is kept for ten minutes; a channel that cannot be looked at is not posted into.
 */
export function createChannels({
  web,
  clock,
  team,
  allowShared,
}: {
  web: Web;
  clock: Clock;
  team: string;
  allowShared: readonly string[];
}): Channels {
  const kept = new Map<string, { verdict: ChannelVerdict; until: number }>();
  let listed: { isStaff: Map<string, boolean>; until: number } | undefined;

  async function pages<T extends z.infer<typeof Members> | z.infer<typeof Users>>(
    { method, args, answer }: Paged<T>,
    signal: AbortSignal | undefined,
  ): Promise<Read<T[]>> {
    const all: T[] = [];
    let cursor = '';
    for (let count = 0; count < MOST_PAGES; count += 1) {
      const page = { limit: PAGE, ...(cursor === '' ? {} : { cursor }) };
      const read = await web.call({ method, args: { ...args, ...page }, answer, repeatable: true }, signal);
      if (read.kind !== 'ok') return { kind: 'unseen', why: read };
      all.push(read.value);
      cursor = read.value.response_metadata?.next_cursor ?? '';
      if (cursor === '') return { kind: 'read', value: all };
    }
    // Whoever wants all of it must see that it is not.
    return { kind: 'read', value: all, isCut: true };
  }

  const isOurs = (one: User): boolean => !one.is_restricted && !one.is_ultra_restricted && !one.is_stranger;

  /** Whether somebody is no guest, for as many of the workspace as are read. */
  async function everybody(signal: AbortSignal | undefined): Promise<Read<Map<string, boolean>>> {
    if (listed !== undefined && clock.mono() < listed.until) return { kind: 'read', value: listed.isStaff };
    const read = await pages({ method: 'users.list', args: {}, answer: Users }, signal);
    if (read.kind !== 'read') return read;
    const people = read.value.flatMap(({ members }) => members);
    const isStaff = new Map(people.map((one) => [one.id, isOurs(one)]));
    listed = { isStaff, until: clock.mono() + KEEP_MS };
    return { kind: 'read', value: isStaff };
  }

  /** Somebody whom the list does not name: new since it was read, or beyond its end. */
  async function single(user: string, signal: AbortSignal | undefined): Promise<Read<boolean>> {
    const read = await web.call(
      { method: 'users.info', args: { user }, answer: One, repeatable: true },
      signal,
    );
    if (read.kind === 'no' && read.error === 'user_not_found') return { kind: 'read', value: false };
    if (read.kind !== 'ok') return { kind: 'unseen', why: read };
    const { team_id: home = team } = read.value.user;
    return { kind: 'read', value: home === team && isOurs(read.value.user) };
  }

  async function lookAt(channel: string, signal: AbortSignal | undefined): Promise<ChannelVerdict> {
    const isListed = allowShared.includes(channel);
    const people = isListed ? undefined : peopleOf(channel, signal);
    const info = await web.call(
      { method: 'conversations.info', args: { channel }, answer: Info, repeatable: true },
      signal,
    );
    // Asked at the same time, since a card waits for both; judged in this order.
    const verdict = await people;
    if (info.kind !== 'ok') return { kind: 'unseen', why: info };
    const { is_member, is_shared, is_ext_shared, is_org_shared, is_pending_ext_shared } = info.value.channel;
    if (!is_member) return { kind: 'refused', reason: 'not_a_member' };
    if (verdict === undefined) return { kind: 'allowed' };
    const isShared = is_shared || is_ext_shared || is_org_shared || is_pending_ext_shared;
    return isShared ? { kind: 'refused', reason: 'shared_with_others' } : verdict;
  }

  /** Whether everybody in a channel is of our staff. */
  async function peopleOf(channel: string, signal: AbortSignal | undefined): Promise<ChannelVerdict> {
    const [known, members] = await Promise.all([
      everybody(signal),
      pages({ method: 'conversations.members', args: { channel }, answer: Members }, signal),
    ]);
    if (known.kind !== 'read') return known;
    if (members.kind !== 'read') return members;
    const all = members.value.flatMap((page) => page.members);
    const unknown = all.filter((id) => !known.value.has(id));
    if (members.isCut === true || unknown.length > MOST_SINGLE)
      return { kind: 'refused', reason: 'too_large_to_check' };
    for (const id of unknown) {
      const one = await single(id, signal);
      if (one.kind !== 'read') return one;
      known.value.set(id, one.value);
    }
    return all.every((id) => known.value.get(id))
      ? { kind: 'allowed' }
      : { kind: 'refused', reason: 'guests' };
  }

  return {
    look: async (channel, signal) => {
      const found = kept.get(channel);
      if (found !== undefined && clock.mono() < found.until) return found.verdict;
      const verdict = await lookAt(channel, signal);
      const keepMs = verdict.kind === 'allowed' ? KEEP_MS : KEEP_NO_MS;
      if (verdict.kind !== 'unseen') kept.set(channel, { verdict, until: clock.mono() + keepMs });
      return verdict;
    },
  };
}
