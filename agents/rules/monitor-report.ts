import type { CallId, ServiceId } from '#core/ids.ts';
import type { ReadResult, SignalView } from '#diagnosis/evidence.ts';
import { healthOf } from '#diagnosis/healthy.ts';
import { type Scene, signalOf } from '#diagnosis/scene.ts';
import { runsShort } from '#diagnosis/symptoms.ts';
import { SignalSeen } from '#incidents/observations.ts';
import type { Finding, MonitorReport } from '#incidents/reports.ts';
import { decimal, type SignalName } from '#incidents/vocabulary.ts';

/** Signals in the order in which one is taken as what must come back. */
const ORDER: readonly SignalName[] = [
  'error_ratio',
  'latency_p95',
  'instances_up',
  'memory_use',
  'saturation',
  'request_rate',
];
/** So many of the newest samples must be in band before all is called well. */
const STEADY = 3;
const MOST_FINDINGS = 24;

export const isOut = (view: SignalView | undefined): boolean =>
  view?.state === 'high' || view?.state === 'low';

/** The newest samples are all inside the band. */
export function isSteady(result: ReadResult): boolean {
  const seen = seenOf(result);
  if (seen?.normal == null) return false;
  const { low, high } = seen.normal;
  const last = seen.points.v.filter((value) => value !== null).slice(-STEADY);
  return last.length === STEADY && last.every((value) => value >= low && value <= high);
}

/** What the looks say: `healthy` only with everything in band and steady, `impaired` only with something out. */
export function monitorReport(scene: Scene, results: readonly ReadResult[]): MonitorReport {
  const { service } = scene.about;
  const findings = [...newest(results).map(findingOf), ...instanceFinding(scene)];
  const ordered = findings.sort((a, b) => Number(b.service === service) - Number(a.service === service));
  const out = ordered.filter((one) => one.service === service && isHarm(scene, one));
  const verdict = out.length > 0 ? 'impaired' : isWell(scene, results) ? 'healthy' : 'unclear';
  const signal = alertingSignal(scene, results, out);
  return {
    role: 'monitor',
    verdict,
    signal,
    since: sinceOf(out, signal),
    findings: ordered.slice(0, MOST_FINDINGS),
  };
}

/** Since when the signal that must come back is out; where that is not known, the first other one. */
function sinceOf(out: readonly Finding[], signal: MonitorReport['signal']): number | null {
  const alerting = out.find((one) => one.signal === signal?.name)?.since ?? null;
  const others = out.map(({ since }) => since).filter((since) => since !== null);
  return alerting ?? (others.length === 0 ? null : Math.min(...others));
}

function isWell(scene: Scene, results: readonly ReadResult[]): boolean {
  const own = newest(results).filter(
    ({ read }) => read.tool === 'metrics_query' && read.service === scene.about.service,
  );
  return healthOf(scene).is === 'yes' && own.every((result) => result.kind === 'gap' || isSteady(result));
}

/** More or less traffic is harm only where the page is about traffic. */
function isHarm({ about }: Scene, { signal, state }: Finding): boolean {
  return (
    (state === 'high' || state === 'low') && (signal !== 'request_rate' || about.signal === 'request_rate')
  );
}

/** The signal that must come back: the one of the page if it is out, else another that is out, else the one of the page. */
function alertingSignal(
  scene: Scene,
  results: readonly ReadResult[],
  out: readonly Finding[],
): MonitorReport['signal'] {
  const { service, signal: paged } = scene.about;
  const order = paged === null ? ORDER : [paged, ...ORDER];
  const isOutHere = (name: SignalName): boolean => out.some(({ signal }) => signal === name);
  for (const name of [...order.filter(isOutHere), ...(out.length > 0 ? [] : order)]) {
    const band = bandOf(results, service, name);
    if (band !== null) return { service, name, ...band };
  }
  return null;
}

/** The band of each signal of the service that was seen with one. */
export function bandsOf(
  service: ServiceId,
  results: readonly ReadResult[],
): NonNullable<MonitorReport['signal']>[] {
  return ORDER.flatMap((name) => {
    const band = bandOf(results, service, name);
    return band === null ? [] : [{ service, name, ...band }];
  });
}

function bandOf(
  results: readonly ReadResult[],
  service: ServiceId,
  name: SignalName,
): { low: string; high: string } | null {
  const seen = results.map(seenOf).findLast((one) => one?.service === service && one.signal === name);
  if (seen?.normal == null) return null;
  const low = decimal(seen.normal.low);
  // More instances than before are no fault.
  const high = name === 'instances_up' ? '1000' : decimal(seen.normal.high);
  return low === undefined || high === undefined ? null : { low, high };
}

/** The last look at each thing. */
function newest(results: readonly ReadResult[]): ReadResult[] {
  const signals = results.filter(({ read }) => read.tool === 'metrics_query');
  return signals.filter(({ read }, i) => !signals.slice(i + 1).some((later) => sameSignal(later.read, read)));
}

const sameSignal = (a: ReadResult['read'], b: ReadResult['read']): boolean =>
  a.tool === 'metrics_query' &&
  b.tool === 'metrics_query' &&
  a.service === b.service &&
  a.signal === b.signal;

function seenOf(result: ReadResult | undefined): SignalSeen | undefined {
  if (result?.kind !== 'seen' || result.read.tool !== 'metrics_query') return undefined;
  return SignalSeen.safeParse(result.value).data;
}

function findingOf(result: ReadResult): Finding {
  const { read } = result;
  const signal = read.tool === 'metrics_query' ? read.signal : 'instances_up';
  const seen = seenOf(result);
  const base = { service: read.service, signal };
  if (result.kind === 'gap' || seen === undefined) {
    return { ...base, state: 'unseen', now: null, normal: null, since: null, evidence: [] };
  }
  return {
    ...base,
    state: seen.state,
    now: seen.now === null ? null : (decimal(seen.now) ?? null),
    normal: seen.normal === null ? null : (decimal(seen.normal.median) ?? null),
    since: seen.since,
    evidence: [result.call],
  };
}

/** What runs the service says how many instances there are, where the metrics did not. */
function instanceFinding(scene: Scene): Finding[] {
  const { service } = scene.about;
  const workload = scene.evidence.workloads.get(service);
  if (workload === undefined || signalOf(scene, service, 'instances_up') !== undefined) return [];
  const { running, replicas } = workload.value;
  const evidence: CallId[] = [...workload.calls];
  const state = runsShort(scene, service).is === 'yes' ? 'low' : 'normal';
  return [
    {
      service,
      signal: 'instances_up',
      state,
      now: String(running),
      normal: String(replicas),
      since: null,
      evidence,
    },
  ];
}
