import { booksOf } from '#tests/journeys/books.ts';
import { expected, modelScenarios, play } from '#tests/journeys/model-scenarios.ts';
import { withModels } from '#tests/journeys/models.ts';
import type { BenchResult } from './result.ts';

/** Dollars per million tokens at which the figures are priced: those of the mocked journeys. */
const PRICED_AT = '3 in, 0.30 cached, 15 out';

/**
 * Model calls, tokens and money per kind of incident, with a mocked model on the real wire: what a vendor would count and
 * bill for the same conversation; a real model asks for more or less.
 */
export async function run(): Promise<BenchResult> {
  const rows = await inTurn(modelScenarios, async (scenario) => {
    const { run, fakes, close } = await withModels({ providers: [{ api: 'anthropic' }] });
    try {
      const came = await play(run, scenario);
      const { ours, problems } = booksOf(await run.entries(), fakes);
      const calls = fakes.reduce((sum, fake) => sum + fake.seen().length, 0);
      const isAsMeant = JSON.stringify(came) === JSON.stringify(expected(scenario));
      return { name: scenario.name, calls, ...ours, problems: isAsMeant ? problems : ['another ending'] };
    } finally {
      await close();
    }
  });
  return {
    lines: [
      `incident           calls   tokens in   of them cached   out    dollars (${PRICED_AT})`,
      ...rows.map(({ name, calls, tokens, usdMicros }) =>
        [
          name.padEnd(18),
          String(calls).padStart(5),
          String(tokens.input + tokens.cacheRead + tokens.cacheWrite).padStart(11),
          String(tokens.cacheRead).padStart(16),
          String(tokens.output).padStart(6),
          (usdMicros / 1_000_000).toFixed(3).padStart(9),
        ].join(' '),
      ),
    ],
    figures: Object.fromEntries(
      rows.map(({ name, calls, tokens, usdMicros }) => [name, { calls, ...tokens, usdMicros }]),
    ),
    wrong: rows.flatMap(({ name, problems }) => problems.map((problem) => `${name}: ${problem}`)),
  };
}

async function inTurn<T, R>(all: readonly T[], work: (one: T) => Promise<R>): Promise<R[]> {
  const done: R[] = [];
  for (const one of all) done.push(await work(one));
  return done;
}
