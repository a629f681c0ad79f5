import { commandHash } from '#approvals/plan.ts';
import type { Digest } from '#core/ids.ts';
import type { ChangeOutcome } from './change-outcome.ts';

/** A program as it lies there: the hash of its bytes and where it really is, or why it must not be run. */
export type ProgramSeen =
  | { readonly kind: 'fine'; readonly digest: Digest; readonly real: string }
  | { readonly kind: 'problem'; readonly why: string };

export type ProgramOrder = {
  readonly argv: readonly string[];
  /** Names of the environment, each with the reference of its value. Nothing else is in it. */
  readonly env: ReadonlyMap<string, string>;
  /** `commandHash` of what people approved; nothing else is run. */
  readonly command: Digest;
};

/** Looks at programs that operators name and, in the process that makes changes alone, runs them. Never throws. */
export type ProgramDriver = {
  inspect(path: string): ProgramSeen;
  /** Left out = not in this process. Ends with its whole process group when the signal aborts. */
  readonly run?: (order: ProgramOrder, signal: AbortSignal) => Promise<ChangeOutcome>;
};

/** The names of an environment with where each value comes from, in the one order in which they are bound. */
export function namedIn(env: ReadonlyMap<string, string>): { name: string; from: string }[] {
  return [...env]
    .map(([name, from]) => ({ name, from }))
    .toSorted((one, other) => (one.name < other.name ? -1 : 1));
}

/** Whether an order, over a program of this digest, is word for word what people approved. */
export function isAsApproved({ argv, env, command }: ProgramOrder, program: Digest): boolean {
  return commandHash({ argv: [...argv], program, env: namedIn(env) }) === command;
}
