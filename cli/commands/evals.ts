import { resolve } from 'node:path';
import { FirebreakError } from '#core/errors.ts';
import type { Common, Context, Outcome } from '../context.ts';

export type EvalsFlags = Common & {
  readonly data?: string;
  readonly model?: string;
  readonly maxReads?: string;
  readonly leaveOut?: string;
  readonly live?: boolean;
  readonly record?: boolean;
  readonly cassette?: string;
};

/** Runs one suite of cases over the product itself and says how it did. Needs no server, no config and no token. */
export async function evals(suite: string, options: EvalsFlags, context: Context): Promise<Outcome> {
  const { runSuite, suiteNames } = await import('#evals/run.ts');
  const name = suiteNames().includes(suite) ? suite : resolve(context.cwd, suite);
  const model = options.model ?? 'rules';
  const { vendorFor } = await import('#evals/models/vendor-flags.ts');
  const vendor = await vendorFor(model, options, context);
  try {
    const { table, ...score } = await runSuite(name, {
      data: options.data ?? null,
      model,
      maxReads: options.maxReads === undefined ? null : readsOf(options.maxReads),
      leaveOut: options.leaveOut ?? null,
      clock: context.clock,
      say: context.err,
      ...(vendor !== null && { makeModel: vendor.makeModel }),
    });
    const drifts = vendor?.drifts() ?? 0;
    const head = `${score.suite} with ${score.model}: ${score.passed} of ${score.cases} right`;
    const drift =
      drifts === 0 ? [] : [`${drifts} requests were not on the cassette; the rules answered them`];
    return { lines: [...table, head, ...drift, JSON.stringify(score)], json: score };
  } finally {
    await vendor?.close();
  }
}

function readsOf(text: string): number {
  if (!/^[1-9]\d{0,2}$/.test(text))
    throw new FirebreakError('usage', '--max-reads: give a whole number from 1 on');
  return Number(text);
}
