import { FirebreakError } from '#core/errors.ts';
import type { Common, Context, Outcome } from '../context.ts';

export type EvalsFlags = Common & {
  readonly data?: string;
  readonly model?: string;
  readonly maxReads?: string;
  readonly leaveOut?: string;
};

/** Runs one suite of cases over the product itself and says how it did. Needs no server, no config and no token. */
export async function evals(suite: string, options: EvalsFlags, context: Context): Promise<Outcome> {
  const { runSuite } = await import('#evals/run.ts');
  const { table, ...score } = await runSuite(suite, {
    data: options.data ?? null,
    model: options.model ?? 'rules',
    maxReads: options.maxReads === undefined ? null : readsOf(options.maxReads),
    leaveOut: options.leaveOut ?? null,
    clock: context.clock,
    say: context.err,
  });
  const head = `${score.suite} with ${score.model}: ${score.passed} of ${score.cases} right`;
  return { lines: [...table, head, JSON.stringify(score)], json: score };
}

function readsOf(text: string): number {
  if (!/^[1-9]\d{0,2}$/.test(text))
    throw new FirebreakError('usage', '--max-reads: give a whole number from 1 on');
  return Number(text);
}
