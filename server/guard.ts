import { writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Log } from '#audit/log.ts';
import { makePrivateDir } from '#audit/private-files.ts';
import type { Clock } from '#core/clock.ts';
import { messageOf } from '#core/errors.ts';
import { taggedHash } from '#core/hash.ts';
import type { Digest } from '#core/ids.ts';
import { clip } from '#core/inert.ts';
import { examine, type Finding } from '#doctor/examine.ts';
import type { Facts } from '#doctor/facts.ts';
import { fact, SYSTEM } from '#incidents/entry.ts';
import { GUARD_SOURCE } from '#incidents/own-finding.ts';
import { deliveryOf, handOver, type OnAlert } from '#intake/delivery.ts';
import { guardFile } from './doctor-log.ts';
import { keepEvidence } from './evidence.ts';
import type { Folds } from './folds.ts';
import { type Alarm, alarmsOf, alertOf, overOf, wasNoticed } from './guard-alarms.ts';
import { type RepairDeps, type Repaired, repair } from './guard-repairs.ts';

export type GuardDeps = {
  /** Looks at everything, anew each time. */
  readonly look: () => Promise<Facts>;
  readonly log: Pick<Log, 'append' | 'read' | 'size' | 'checkpoint'>;
  readonly folds: Pick<Folds, 'posture' | 'incidents' | 'authFailures'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly dataDir: string;
  readonly configDigest: Digest | null;
  readonly onAlert: OnAlert;
  readonly repairs: Omit<RepairDeps, 'log'>;
  readonly onError: (message: string) => void;
};

/**
 * One look of the guard: everything is checked, what is safe is repaired and looked at again, what is new and bad becomes
 * an incident with evidence, what is right again is told so, and which checks fail is written down when that changed. An
 * incident comes before what is written down, so that a crash between them repeats it instead of losing it. Rejects when
 * the log takes nothing.
 */
export async function guardOnce(deps: GuardDeps): Promise<readonly Finding[]> {
  let facts = await deps.look();
  const repaired = await repair(facts, { ...deps.repairs, log: deps.log });
  if (repaired.length > 0) facts = await deps.look();
  const findings = examine(facts).map((one) => withRepair(one, repaired));
  const heldBack = await raise(deps, facts, findings);
  await tell(deps, overOf(findings, deps.folds.incidents), 'cleared');
  await writeDown(deps, findings, heldBack);
  noteLook(deps);
  return findings;
}

/** Whoever asked reads what was put right for them. */
function withRepair(finding: Finding, repaired: readonly Repaired[]): Finding {
  const done = repaired.find(({ check, isDone }) => isDone && check === finding.id);
  return done === undefined
    ? finding
    : { ...finding, seen: clip(`${finding.seen}; put right now: ${done.what}`, 400) };
}

/** Gives the checks that are bad and new, and of which people were told too recently to be told again. */
async function raise(
  deps: GuardDeps,
  facts: Facts,
  findings: readonly Finding[],
): Promise<ReadonlySet<string>> {
  const { folds, clock } = deps;
  const now = clock.now();
  const input = { findings, posture: folds.posture, attempts: folds.authFailures.recent(now), now };
  const all = alarmsOf(input);
  const held = all.filter((alarm) => wasNoticed(alarm, input));
  for (const alarm of all) {
    if (held.includes(alarm)) continue;
    await tell(deps, [alarm], 'firing');
    const { key: check } = alarm;
    await keep(deps, { check, facts, findings });
  }
  return new Set(held.map(({ key }) => key));
}

/** People were told already: evidence that cannot be written holds nothing up. */
async function keep(
  deps: GuardDeps,
  about: { check: string; facts: Facts; findings: readonly Finding[] },
): Promise<void> {
  const { log, dataDir, configDigest } = deps;
  try {
    const { folder, manifest } = await keepEvidence({ ...about, dataDir, configDigest, log });
    const body = { check: about.check, folder, manifest, at: about.facts.now };
    await log.append([fact('evidence.kept', body, { actor: SYSTEM, traceId: 'guard' })]);
  } catch (error) {
    deps.onError(`no evidence was kept: ${messageOf(error)}`);
  }
}

async function tell(deps: GuardDeps, alarms: readonly Alarm[], status: 'firing' | 'cleared'): Promise<void> {
  if (alarms.length === 0) return;
  const now = deps.clock.now();
  const alerts = alarms.map((alarm) => alertOf(alarm, status, now));
  const delivery = deliveryOf('watch', { source: GUARD_SOURCE, alerts, receivedAt: now });
  const answer = await handOver(deps.onAlert, delivery);
  if (answer.kind === 'unavailable') throw new Error('the log takes no incident');
}

/** What was held back is not written down yet: it is told when its time has come. */
async function writeDown(
  { log, folds }: GuardDeps,
  findings: readonly Finding[],
  heldBack: ReadonlySet<string>,
): Promise<void> {
  const failing = findings
    .filter(({ id, status }) => status === 'fail' && !heldBack.has(id))
    .map(({ id }) => id);
  const before = folds.posture.failing;
  // What was not looked at this time is as it was.
  const unseen = findings
    .filter(({ id, status }) => status === 'skipped' && before?.includes(id) === true)
    .map(({ id }) => id);
  const all = [...failing, ...unseen].toSorted();
  if (before !== null && before.join() === all.join()) return;
  const body = { failing: all, digest: taggedHash('firebreak/doctor/v1', all) };
  await log.append([fact('doctor.checked', body, { actor: SYSTEM, traceId: 'guard' })]);
}

/** When the last look was, for whoever asks whether the guard still looks; losing it costs nothing. */
function noteLook({ dataDir, clock }: GuardDeps): void {
  const path = guardFile(dataDir);
  makePrivateDir(dirname(path));
  writeFileSync(path, `${JSON.stringify({ at: clock.now() })}\n`, { mode: 0o600 });
}
