import type { Clock } from '#core/clock.ts';
import { FirebreakError } from '#core/errors.ts';
import { sha256 } from '#core/hash.ts';
import { ServiceId } from '#core/ids.ts';
import type { Alert } from '#incidents/alert.ts';
import { clusterCauses, phaseOf } from '#incidents/cluster-causes.ts';
import type { Inventory, Service } from '#incidents/inventory.ts';
import type { DiagnosisReport } from '#incidents/reports.ts';
import { runCase } from '../engine.ts';
import type { Suite, SuiteOptions } from '../suite.ts';
import { loadCases, loadTruth, type RecordedCase } from './cases.ts';
import { replayDriver } from './replay-driver.ts';
import { type Answer, answered, labelOf, leftOutScore, scoreOf } from './score.ts';

/**
 * Recorded faults of systems on Kubernetes. Each case is a page that names a system; what the product asks of the cluster
 * is answered from the recording. What was really wrong is read when all have run.
 */
export const cloudopsbench: Suite = async (options) => {
  if (options.data === null)
    throw new FirebreakError('usage', 'this suite needs the folder of its data: --data DIR');
  const cases = await loadCases(options.data);
  return options.leaveOut === null ? whole(cases, options) : leftOut(cases, options);
};

async function whole(cases: readonly RecordedCase[], options: SuiteOptions) {
  const answers = new Map<string, Answer>();
  for (const [at, one] of cases.entries()) {
    answers.set(one.id, await diagnose(one, options, new Set()));
    if ((at + 1) % 20 === 0) options.say(`${at + 1} of ${cases.length} cases`);
  }
  return scoreOf(cases, { answers, truth: await loadTruth(options.data ?? ''), model: options.model });
}

/**
 * Which rules are off for a case is the only thing that its truth decides: with `all`, those of its own cause; else those of
 * the cause that is named, for every case of that cause.
 */
async function leftOut(cases: readonly RecordedCase[], options: SuiteOptions) {
  const truth = await loadTruth(options.data ?? '');
  const labels = new Set([...truth.values()].map(({ rootCause }) => rootCause));
  const asked = options.leaveOut ?? 'all';
  if (asked !== 'all' && !labels.has(asked) && phaseOf(asked) === null)
    throw new FirebreakError('usage', `no case has the cause ${asked}`);
  const answers = new Map<string, Answer>();
  for (const one of cases) {
    const cause = truth.get(one.id)?.rootCause;
    if (cause === undefined || (asked !== 'all' && asked !== cause)) continue;
    answers.set(one.id, await diagnose(one, options, emitting(cause, labels)));
    if (answers.size % 20 === 0) options.say(`${answers.size} cases`);
  }
  return leftOutScore(cases, { answers, truth, model: options.model });
}

/** Every cause of the product that counts as this label, whatever the product calls it. */
const emitting = (label: string, labels: ReadonlySet<string>): ReadonlySet<string> =>
  new Set([label, ...clusterCauses.filter((cause) => labelOf(cause, labels) === label)]);

async function diagnose(
  one: RecordedCase,
  options: SuiteOptions,
  without: ReadonlySet<string>,
): Promise<Answer> {
  const driver = replayDriver(one);
  const { clock, maxReads } = options;
  const result = await runCase({
    inventory: inventoryOf(one, without),
    world: {
      metrics: new Map(),
      workloads: new Map(),
      logs: {
        search: () => Promise.resolve({ kind: 'gap', reason: 'not_configured', detail: 'no log files' }),
      },
      probe: { get: () => Promise.resolve({ kind: 'gap', reason: 'not_configured', detail: 'no probe' }) },
      clusters: new Map([['recorded', driver]]),
    },
    alerts: [alertOf(one, clock)],
    ...{ clock, maxReads },
  });
  const report: DiagnosisReport | null = result.incident?.diagnosis ?? null;
  return answered(report, { reads: result.reads, notRecorded: driver.missed(), errors: result.errors });
}

/** One system, known by the namespace that it runs in. */
function inventoryOf({ namespace }: RecordedCase, withoutCauses: ReadonlySet<string>): Inventory {
  const id = ServiceId.parse(namespace);
  const system: Service = {
    id,
    environment: 'eval',
    owner: 'team-eval',
    mode: 'observe',
    dependsOn: [],
    maxReplicas: 1,
    signals: {},
    cluster: { driver: 'recorded', namespace },
    isSystem: true,
  };
  return { version: sha256(namespace), services: new Map([[id, system]]), withoutCauses };
}

function alertOf({ id, namespace, query }: RecordedCase, clock: Clock): Alert {
  return {
    source: 'eval',
    status: 'firing',
    fingerprint: sha256(id),
    name: query.slice(0, 120) || 'page',
    severity: 'critical',
    service: namespace,
    environment: 'eval',
    startsAt: clock.now(),
    summary: query.slice(0, 500),
  };
}
