import type { Death } from './kill/death.ts';
import { type KillRun, killRun, type Ran } from './kill/run.ts';
import type { Finding } from './kill/verdict.ts';
import { effectClasses, stories } from './kill/world.ts';
import type { TortureResult } from './result.ts';

const RUNS = { short: 6, full: 2000 };
const AT_ONCE = 4;
/** The second kill meets one of the first steps after the restart. */
const SECOND_WITHIN = 60;
const findings: readonly Finding[] = ['double', 'lost', 'quarantined', 'log', 'broken'];

/**
 * kill -9, by the process itself at exactly one step: before, inside and after each write of the log, after each sync,
 * before and after each change of the world; then once more while the next process recovers. Real processes, real files;
 * the world keeps its own record of what was done to it.
 */
export async function run({ short }: { short: boolean }): Promise<TortureResult> {
  const began = performance.now();
  const random = seeded(1);
  const places = await everyStep(short ? ['keyed'] : effectClasses);
  const wanted = short ? RUNS.short : Math.max(RUNS.full, places.length);
  const runs = Array.from({ length: wanted }, (_, index): KillRun => {
    const place = places[index % places.length];
    if (place === undefined) throw new Error('a life without a step');
    const first: Death = { at: place.at, part: random() };
    const second: Death = { at: 1 + Math.floor(random() * SECOND_WITHIN), part: random() };
    const kind = short ? (effectClasses[index % effectClasses.length] ?? place.kind) : place.kind;
    return { kind, story: place.story, deaths: [first, second] };
  });
  const ran = await atMost(AT_ONCE, runs);
  return resultOf(ran, { places: places.length, ms: performance.now() - began });
}

type Place = { readonly kind: KillRun['kind']; readonly story: KillRun['story']; readonly at: number };

/** Every step of a life that nobody ends, for each class and each outcome; those around a change first. */
async function everyStep(kinds: readonly KillRun['kind'][]): Promise<Place[]> {
  const lives = kinds.flatMap((kind) => stories.map((story) => ({ kind, story })));
  const ends = await Promise.all(
    lives.map(async (life) => ({ life, end: (await killRun({ ...life, deaths: [] })).end })),
  );
  return ends
    .flatMap(({ life, end }) =>
      Array.from({ length: end?.steps ?? 0 }, (_, index) => {
        const near = Math.min(...(end?.effects ?? []).map((effect) => Math.abs(effect - index - 1)));
        return { place: { ...life, at: index + 1 }, near };
      }),
    )
    .toSorted((a, b) => a.near - b.near)
    .map(({ place }) => place);
}

async function atMost(count: number, runs: readonly KillRun[]): Promise<{ run: KillRun; ran: Ran }[]> {
  const waiting = [...runs];
  const all: { run: KillRun; ran: Ran }[] = [];
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const ran = await killRun(next);
      all.push({ run: next, ran });
      if (ran.verdict.findings.length > 0)
        console.log(
          `NOT OK ${ran.verdict.findings.join(' ')}: ${JSON.stringify(next)} -> ${JSON.stringify(ran.end)}`,
        );
      else if (all.length % 200 === 0) console.log(`${all.length} runs`);
    }
  };
  await Promise.all(Array.from({ length: count }, worker));
  return all;
}

function resultOf(
  all: readonly { run: KillRun; ran: Ran }[],
  { places, ms }: { places: number; ms: number },
): TortureResult {
  const bad = all.filter(({ ran }) => ran.verdict.findings.length > 0);
  const counted = (of: readonly string[]): string =>
    [...new Set(of)]
      .toSorted()
      .map((one) => `${one} ${of.filter((other) => other === one).length}`)
      .join(', ');
  const found = bad.flatMap(({ ran }) => ran.verdict.findings);
  return {
    passed: all.length - bad.length,
    failed: bad.length,
    lines: [
      `steps at which a life can end: ${places}`,
      `kills: ${all.reduce((sum, { ran }) => sum + ran.kills, 0)} in ${all.length} runs`,
      ...effectClasses.map(
        (kind) =>
          `${kind}: ${counted(all.flatMap(({ run, ran }) => (run.kind === kind ? [ran.verdict.end] : [])))}`,
      ),
      ...findings.map((one) => `${WORDS[one]}: ${found.filter((other) => other === one).length}`),
      `total time: ${(ms / 1000).toFixed(0)} s`,
    ],
  };
}

const WORDS: Readonly<Record<Finding, string>> = {
  double: 'done twice',
  lost: 'lost',
  quarantined: 'quarantined although the backend can say',
  log: 'logs that do not verify',
  broken: 'lives that did not get to their end',
};

/** Numbers from 0 to 1, the same for the same seed. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
