import { z } from 'zod';
import type { Fold } from '#audit/fold.ts';
import type { Entry } from '#audit/log.ts';
import { peerKey } from '#core/ip.ts';
import { readFact } from './entry.ts';

/** `token`: nobody's personal token; `signature`: a delivery that did not prove who sends it. */
export const failureKinds = ['token', 'signature'] as const;
export type FailureKind = (typeof failureKinds)[number];

/** How often somebody failed to prove who they are within the last five minutes. */
export type AuthFailures = {
  readonly peer: string;
  readonly kind: FailureKind;
  /** Recorded one by one, or only counted. */
  readonly times: number;
  /** When that was last, ms. */
  readonly last: number;
};

const KEEP_MS = 5 * 60_000;
/** More than that are forgotten, oldest first; the log still has them. */
const MOST_PEERS = 1000;
/** What is refused before it is known who sent it. */
const UNPROVEN: ReadonlySet<string> = new Set([
  ...['unknown_source', 'unauthenticated', 'oversized', 'not_signed', 'unreadable_signature'],
  ...['too_old', 'from_the_future', 'wrong_signature', 'replayed'],
]);

/** Whether a delivery was refused for a reason that anybody can cause, whoever they are. */
export function isUnproven(reason: string): boolean {
  return UNPROVEN.has(reason);
}

type Failed = { readonly at: number; readonly times: number; readonly isOne: boolean };
const Saved = z.array(
  z.tuple([z.string(), z.array(z.object({ at: z.int(), times: z.int(), isOne: z.boolean() }))]),
);

/** Who failed to prove who they are, folded from the log. */
export class AuthFailureFold implements Fold {
  readonly name = 'auth-failures';
  readonly version = 1;
  #by = new Map<string, Failed[]>();

  /** Everybody who failed within five minutes before `now`. */
  recent(now: number): readonly AuthFailures[] {
    return [...this.#by].flatMap(([key, failed]) => {
      const [kind, peer] = partsOf(key);
      const counted = failed.filter(({ at }) => at > now - KEEP_MS);
      const times = counted.reduce((sum, one) => sum + one.times, 0);
      return times === 0 ? [] : [{ kind, peer, times, last: counted.at(-1)?.at ?? 0 }];
    });
  }

  /** Entries about single failures from `from` on: of one peer, or of all. */
  written(from: number, peer: string | null): readonly number[] {
    return [...this.#by].flatMap(([key, failed]) =>
      peer === null || partsOf(key)[1] === peer
        ? failed.flatMap(({ at, isOne }) => (isOne && at >= from ? [at] : []))
        : [],
    );
  }

  apply(entry: Entry): void {
    const found = failureOf(entry);
    if (found === undefined) return;
    const key = `${found.kind} ${peerKey(found.peer)}`;
    const kept = (this.#by.get(key) ?? []).filter(({ at }) => at > entry.ts - KEEP_MS);
    this.#by.delete(key);
    this.#by.set(key, [...kept, { at: entry.ts, times: found.times, isOne: found.isOne }]);
    const [oldest] = this.#by.keys();
    if (this.#by.size > MOST_PEERS && oldest !== undefined) this.#by.delete(oldest);
  }
  save(): unknown {
    return [...this.#by];
  }
  load(state: unknown): void {
    this.#by = new Map(Saved.parse(state));
  }
  reset(): void {
    this.#by = new Map();
  }
}

function failureOf(
  entry: Entry,
): { kind: FailureKind; peer: string; times: number; isOne: boolean } | undefined {
  if (!['auth.failed', 'auth.flooded', 'delivery.refused'].includes(entry.kind)) return undefined;
  const fact = readFact(entry);
  if (fact?.kind === 'auth.failed') return { kind: 'token', peer: fact.body.peer, times: 1, isOne: true };
  if (fact?.kind === 'auth.flooded') {
    const { kind, peer, times } = fact.body;
    return { kind, peer: peer ?? 'many', times, isOne: false };
  }
  return fact?.kind === 'delivery.refused' && isUnproven(fact.body.reason)
    ? { kind: 'signature', peer: fact.body.peer, times: 1, isOne: true }
    : undefined;
}

function partsOf(key: string): [FailureKind, string] {
  const space = key.indexOf(' ');
  return [key.slice(0, space) === 'token' ? 'token' : 'signature', key.slice(space + 1)];
}
