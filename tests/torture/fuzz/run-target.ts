import fc from 'fast-check';
import { realClock } from '#core/clock.ts';
import { FirebreakError, messageOf } from '#core/errors.ts';
import { redact } from '#core/redact.ts';
import { holdsWhole, isLeaked } from './canary.ts';
import { inputsLike, longOnes } from './inputs.ts';
import type { Ran, Target } from './target.ts';

export type Fault = { readonly why: string; readonly input: string };
export type Tally = {
  readonly name: string;
  readonly inputs: number;
  /** How many of them were read as something. */
  readonly read: number;
  /** Longest time that one input took, ms. */
  readonly slowest: number;
  readonly seconds: number;
  readonly faults: readonly Fault[];
};
export type Extent = {
  readonly seed: number;
  readonly inputs: number;
  readonly longest: number;
  readonly slowMs: number;
};

const BATCH = 500;
/** Text that any caller lets through at most, where a target names no limit of its own. */
const MOST = 1_000_000;
const MOST_FAULTS = 5;

/** Runs one target over its valid inputs, over long ones, and over as many random ones as are asked for. */
export async function runTarget(target: Target, { seed, inputs, longest, slowMs }: Extent): Promise<Tally> {
  const began = realClock.mono();
  const faults: Fault[] = [];
  const sums = { inputs: 0, read: 0, slowest: 0 };
  const most = target.most ?? MOST;
  const one = async (whole: string, isValid: boolean): Promise<void> => {
    const input = whole.slice(0, most);
    const { why, isRead, ms } = await judged(target, input, { isValid, slowMs });
    sums.inputs += 1;
    sums.read += isRead ? 1 : 0;
    sums.slowest = Math.max(sums.slowest, ms);
    if (why !== undefined && faults.length < MOST_FAULTS) faults.push({ why, input });
  };
  for (const valid of target.seeds) await one(valid, true);
  for (const long of longOnes(target.seeds, Math.min(most, longest))) await one(long, false);
  const wanted = Math.ceil(inputs * (target.share ?? 1));
  const arbitrary = inputsLike(target.seeds);
  for (let done = 0; done < wanted; done += BATCH) {
    const numRuns = Math.min(BATCH, wanted - done);
    for (const input of fc.sample(arbitrary, { seed: seed + done, numRuns })) await one(input, false);
  }
  await target.close?.();
  return { name: target.name, ...sums, seconds: (realClock.mono() - began) / 1000, faults };
}

type Judged = { readonly why?: string; readonly isRead: boolean; readonly ms: number };

/** What is wrong with how the target took this input; nothing, where it is as it says it is. */
async function judged(
  target: Target,
  input: string,
  { isValid, slowMs }: { isValid: boolean; slowMs: number },
): Promise<Judged> {
  const began = realClock.mono();
  let ran: Ran;
  let crash: string | undefined;
  try {
    ran = await target.run(input);
  } catch (error) {
    const isSaid = error instanceof FirebreakError && (target.throws ?? []).includes(error.code);
    // As whoever shows or logs an error does it.
    ran = { kind: 'refused', shown: redact(messageOf(error)) };
    if (!isSaid)
      crash = `threw ${error instanceof Error ? (error.stack ?? error.message).slice(0, 900) : String(error)}`;
  }
  const ms = await leastOf(target, input, { first: realClock.mono() - began, slowMs });
  const isRead = ran.kind === 'read';
  const wrong =
    crash ??
    (ms > slowMs ? `took ${Math.round(ms)} ms` : undefined) ??
    (isValid && !isRead ? `refused a valid input: ${JSON.stringify(ran.shown)?.slice(0, 300)}` : undefined) ??
    (holdsWhole(input) && isLeaked(ran.shown) ? 'gave a secret away' : undefined) ??
    (isPolluted() ? 'changed what every object inherits' : undefined);
  return { ...(wrong !== undefined && { why: wrong }), isRead, ms };
}

/** The time that it takes; where it is too long, the shortest of three: a busy machine is no fault of the parser. */
async function leastOf(
  target: Target,
  input: string,
  { first, slowMs }: { first: number; slowMs: number },
): Promise<number> {
  let least = first;
  for (let more = 0; more < 2 && least > slowMs; more += 1) {
    const began = realClock.mono();
    try {
      await target.run(input);
    } catch {
      // What it threw was judged already.
    }
    least = Math.min(least, realClock.mono() - began);
  }
  return least;
}

function isPolluted(): boolean {
  for (const _name in {}) return true;
  return Object.hasOwn(Object.prototype, 'polluted') || Object.hasOwn(Function.prototype, 'polluted');
}
