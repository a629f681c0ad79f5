import { messageOf } from '#core/errors.ts';
import { hostileModel } from '#llm/hostile.ts';
import { hostileBrain } from '../fakes/llm-provider/brain/hostile.ts';
import { passing } from '../fakes/llm-provider/faults.ts';
import type { FakeProvider } from '../fakes/llm-provider/provider.ts';
import { booksOf } from '../journeys/books.ts';
import { leaksIn, playHostile } from '../journeys/hostile.ts';
import { type InProcess, inProcess } from '../journeys/in-process.ts';
import { expected, type ModelScenario, modelScenarios, play } from '../journeys/model-scenarios.ts';
import { type Api, type ModelsOptions, withModels } from '../journeys/models.ts';
import type { TortureResult } from './result.ts';

const SEEDS = { short: 1, full: 25 };
const SHORT = ['bad-deploy', 'dead-dependency', 'false-alarm', 'wrong-fix'];
const apis: readonly Api[] = ['anthropic', 'responses', 'chat'];
const dead = { kind: 'all', fault: { kind: 'server_error' } } as const;
const half = { kind: 'share', share: 0.5, among: passing } as const;

type Figures = {
  requests: number;
  failedRequests: number;
  tokens: number;
  wrongBooks: number;
  refused: number;
  proposed: number;
  changes: number;
};
/** One kind of run; gives what went wrong, one line each. */
type Kind = (scenario: ModelScenario, seed: number, figures: Figures) => Promise<string[]>;

const kinds: Readonly<Record<string, Kind>> = {
  'every turn by a model': (scenario, seed, figures) =>
    honest(scenario, figures, { seed, providers: [{ api: apiOf(seed) }] }),
  'first provider dead': (scenario, seed, figures) =>
    honest(scenario, figures, {
      seed,
      providers: [{ api: apiOf(seed), faults: dead }, { api: apiOf(seed + 1) }],
    }),
  'all providers dead': (scenario, seed, figures) =>
    honest(scenario, figures, {
      seed,
      providers: [
        { api: apiOf(seed), faults: dead },
        { api: apiOf(seed + 1), faults: dead },
      ],
    }),
  'half of all replies failing': (scenario, seed, figures) =>
    honest(scenario, figures, {
      seed,
      providers: [
        { api: apiOf(seed), faults: half },
        { api: apiOf(seed + 1), faults: half },
      ],
    }),
  'hostile, approved': (scenario, seed, figures) => hostile(scenario, figures, { seed, decision: 'approve' }),
  'hostile, denied': (scenario, seed, figures) =>
    hostile(scenario, figures, { seed: seed + 5000, decision: 'deny' }),
  'hostile over a wire': hostileOnWire,
};

/**
 * Scenarios in the simulated shop with models on a real wire, over many seeds: providers that live, die and fail at random,
 * with the books compared to the token; and hostile models, whose every effect must have been allowed.
 */
export async function run({ short }: { short: boolean }): Promise<TortureResult> {
  const figures = {
    requests: 0,
    failedRequests: 0,
    tokens: 0,
    wrongBooks: 0,
    refused: 0,
    proposed: 0,
    changes: 0,
  };
  const lines: string[] = [];
  const played = modelScenarios.filter(({ name }) => !short || SHORT.includes(name));
  let [passed, failed] = [0, 0];
  for (const [name, kind] of Object.entries(kinds)) {
    const before = failed;
    let runs = 0;
    for (let seed = 1; seed <= (short ? SEEDS.short : SEEDS.full); seed += 1) {
      for (const [at, scenario] of played.entries()) {
        const wrong = await tried(() => kind(scenario, seed * 100 + at, figures));
        for (const line of wrong)
          console.log(`NOT OK   ${name}, ${scenario.name}, seed ${seed * 100 + at}: ${line}`);
        runs += 1;
        if (wrong.length === 0) passed += 1;
        else failed += 1;
      }
    }
    lines.push(`${name}: ${runs - (failed - before)} of ${runs} runs as they should be`);
  }
  return { passed, failed, lines: [...lines, ...linesOf(figures)] };
}

function linesOf({
  requests,
  failedRequests,
  tokens,
  wrongBooks,
  refused,
  proposed,
  changes,
}: Figures): string[] {
  return [
    `requests to providers: ${requests}, failed on purpose: ${failedRequests}`,
    `tokens billed and told: ${tokens}; runs whose books were wrong: ${wrongBooks}`,
    `hostile models: ${refused} calls refused, ${proposed} changes put before people, ${changes} carried out, all allowed`,
  ];
}

async function tried(work: () => Promise<string[]>): Promise<string[]> {
  try {
    return await work();
  } catch (error) {
    return [messageOf(error)];
  }
}

const apiOf = (seed: number): Api => apis[seed % apis.length] ?? 'anthropic';

async function honest(scenario: ModelScenario, figures: Figures, options: ModelsOptions): Promise<string[]> {
  const { run, fakes, close } = await withModels(options);
  try {
    const [came, should] = [JSON.stringify(await play(run, scenario)), JSON.stringify(expected(scenario))];
    const wrong = came === should ? [] : [`came to ${came}`];
    return [...wrong, ...(await booksProblems(run, fakes, figures)), ...run.errors];
  } finally {
    await close();
  }
}

async function booksProblems(
  run: InProcess,
  fakes: readonly FakeProvider[],
  figures: Figures,
): Promise<string[]> {
  const { theirs, problems } = booksOf(await run.entries(), fakes);
  const seen = fakes.flatMap((fake) => fake.seen());
  figures.requests += seen.length;
  figures.failedRequests += seen.filter(({ fault }) => fault !== null).length;
  figures.tokens += Object.values(theirs.tokens).reduce((sum, count) => sum + count, 0);
  figures.wrongBooks += problems.length === 0 ? 0 : 1;
  return [...problems, ...fakes.flatMap((fake) => fake.errors())];
}

type Attack = { seed: number; decision: 'approve' | 'deny' };

async function hostile(
  scenario: ModelScenario,
  figures: Figures,
  { seed, decision }: Attack,
): Promise<string[]> {
  const run = await inProcess({ seed, model: ({ rules }) => hostileModel({ seed, accomplice: rules }) });
  const wrong = await playHostile(run, scenario, decision);
  await countHarm(run, figures);
  return wrong;
}

async function hostileOnWire(scenario: ModelScenario, seed: number, figures: Figures): Promise<string[]> {
  const providers = [{ api: apiOf(seed), brain: hostileBrain(seed) }];
  const { run, fakes, close } = await withModels({ seed, providers });
  try {
    const wrong = await playHostile(run, scenario, 'approve');
    await countHarm(run, figures);
    const bodies = fakes.flatMap((fake) => fake.seen().map(({ body }) => body)).join('\n');
    const leaks = leaksIn(bodies).map((secret) => `in a request: ${secret}`);
    return [...wrong, ...leaks, ...(await booksProblems(run, fakes, figures))];
  } finally {
    await close();
  }
}

async function countHarm(run: InProcess, figures: Figures): Promise<void> {
  figures.refused += (await run.entries()).filter(({ kind }) => kind === 'tool.refused').length;
  figures.proposed += run.folds.approvals.all().length;
  figures.changes += run.shop.applied.length;
}
