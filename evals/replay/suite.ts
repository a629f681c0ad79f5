import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { FirebreakError } from '#core/errors.ts';
import type { Digest } from '#core/ids.ts';
import { AgentRole } from '#incidents/vocabulary.ts';
import { loadPrompts, type Prompts } from '#prompts/load.ts';
import { caseClock } from '../case-clock.ts';
import { runCase } from '../engine.ts';
import { seededRandom } from '../seeded-random.ts';
import { type Score, type SuiteOptions, share } from '../suite.ts';
import { namedIn } from './export-case.ts';
import { recordedReads } from './recorded-reads.ts';
import { CASE_FILE, type Named, type ReplayCase, readReplayCase } from './replay-case.ts';
import { replayInventory, replayWorld } from './replay-world.ts';

/** What came of a replay. */
export type Replayed = {
  readonly now: Named;
  /** It names what was named then, and proposes the same. */
  readonly same: boolean;
  /** By what a person said of it; null where nobody did. */
  readonly right: boolean | null;
  readonly missed: number;
  readonly reads: number;
  /** Root of the log of the replay: two replays with the same code and model have the same. */
  readonly root: Digest;
  readonly errors: readonly string[];
};

const STEP_MS = 1000;

/** Handles the incident again from its recording. The machine's clock and randomness have no part in it. */
export async function replay(
  one: ReplayCase,
  { digest, maxReads, makeModel }: Pick<SuiteOptions, 'maxReads' | 'makeModel'> & { digest: Digest },
): Promise<Replayed> {
  const inventory = replayInventory(one);
  const made = await makeModel?.({ id: one.incident, seed: 1, inventory, failsAfter: null });
  try {
    // Each play from the beginning: a look that was made several times answers in its order.
    const play = async (model: typeof made) => {
      const reads = recordedReads(one.reads);
      const run = await runCase({
        ...{ inventory, maxReads, world: replayWorld(), alerts: one.alerts, stepMs: STEP_MS },
        clock: caseClock(one.openedAt),
        random: seededRandom(digest),
        reads: reads.tools,
        ...(model !== undefined && { model: model.model }),
      });
      return { run, missed: reads.missed() };
    };
    if (made?.rehearsal !== undefined) await play({ model: made.rehearsal });
    const { run, missed } = await play(made);
    const now = namedIn(run.incident?.diagnosis ?? null, run.proposed);
    return {
      ...{ now, same: isSame(one.before, now), right: isRight(one, now), missed },
      ...{ reads: run.reads, root: run.checkpoint.root, errors: run.errors },
    };
  } finally {
    await made?.close?.();
  }
}

function isSame(before: Named, now: Named): boolean {
  const key = ({ cause, service, object, proposed }: Named): string =>
    JSON.stringify([cause, service, object, [...proposed].sort()]);
  return key(before) === key(now);
}

/** "Not that one" is a truth too: naming it again is wrong, whatever else is said is not known to be. */
function isRight({ verdict, before }: ReplayCase, now: Named): boolean | null {
  if (verdict === null) return null;
  const truth = verdict.right ? before : verdict;
  if (!verdict.right && truth.cause === null)
    return before.cause !== null && now.cause === before.cause && now.service === before.service
      ? false
      : null;
  return now.cause === truth.cause && (truth.service === null || now.service === truth.service);
}

/** Replays every case of a folder and compares it with then. Throws `usage` where there is none, `json_invalid` for a broken one. */
export async function replayFolder(dir: string, options: SuiteOptions): Promise<Score> {
  if (options.leaveOut !== null) throw new FirebreakError('usage', 'a replay has no --leave-out');
  const folders = await caseFolders(dir);
  if (folders.length === 0)
    throw new FirebreakError(
      'usage',
      `there is no case in ${dir}; firebreak incidents export ID --case DIR writes one`,
    );
  const prompts = await loadPrompts();
  const rows: { one: ReplayCase; result: Replayed; lines: string[] }[] = [];
  for (const folder of folders) {
    const { one, digest } = await readReplayCase(folder);
    const result = await replay(one, { digest, ...options });
    const changed = changedPrompts(one, prompts);
    rows.push({ one, result, lines: linesOf(one, result, { model: options.model, changed }) });
  }
  const judged = rows.filter(({ result }) => result.right !== null);
  const good = ({ result }: (typeof rows)[number]): boolean => result.right ?? result.same;
  return {
    ...{ suite: 'replay', model: options.model, cases: rows.length, passed: rows.filter(good).length },
    metrics: {
      judged: judged.length,
      right: share(judged.filter(({ result }) => result.right === true).length, judged.length),
      same: share(rows.filter(({ result }) => result.same).length, rows.length),
      notRecorded: rows.reduce((sum, { result }) => sum + result.missed, 0),
      roots: Object.fromEntries(rows.map(({ one, result }) => [one.incident, result.root])),
    },
    table: rows.flatMap(({ lines }) => lines),
  };
}

/** Roles whose prompt is another than then; a diagnosis has one of two. */
function changedPrompts({ prompts }: ReplayCase, now: Prompts): string[] {
  const { coordinator, monitor, diagnosis, diagnosisInCluster, remediation } = now;
  const known = {
    ...{ coordinator: [coordinator], monitor: [monitor], remediation: [remediation] },
    diagnosis: [diagnosis, diagnosisInCluster],
  };
  return AgentRole.options.filter((role) => {
    const was = prompts[role];
    return was !== undefined && !known[role].some(({ hash }) => hash === was);
  });
}

async function caseFolders(dir: string): Promise<string[]> {
  if (existsSync(join(dir, CASE_FILE))) return [dir];
  const names = (await readdir(dir)).sort();
  return names.map((name) => join(dir, name)).filter((folder) => existsSync(join(folder, CASE_FILE)));
}

type About = { readonly model: string; readonly changed: readonly string[] };

function linesOf(
  { incident, before, models }: ReplayCase,
  result: Replayed,
  { model, changed }: About,
): string[] {
  const verdict = result.right === null ? '' : result.right ? ', right' : ', WRONG';
  return [
    `${incident}  ${result.same ? 'the same as then' : 'DIFFERENT from then'}${verdict}`,
    `  then  ${wordsOf(before)}  (${models.join(', ') || 'no model'})`,
    `  now   ${wordsOf(result.now)}  (${model}, ${result.reads} reads, ${result.missed} not recorded)`,
    ...(changed.length === 0 ? [] : [`  prompts changed since: ${changed.join(', ')}`]),
    `  log   root ${result.root}`,
  ];
}

function wordsOf({ outcome, cause, service, object, confidence, proposed }: Named): string {
  const named = cause === null ? '' : `${cause} of ${object ?? service ?? '?'} (${confidence ?? '?'})`;
  return [outcome ?? 'no diagnosis', named, proposed.length === 0 ? '' : `proposes ${proposed.join(', ')}`]
    .filter((word) => word !== '')
    .join(', ');
}
