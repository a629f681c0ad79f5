import type { ServiceId } from '#core/ids.ts';
import type { SignalName } from '#incidents/vocabulary.ts';
import type { SignalView } from './evidence.ts';
import {
  allOf,
  anyOf,
  ask,
  metric,
  type Question,
  type Scene,
  said,
  signalOf,
  unseen,
  type Verdict,
} from './scene.ts';

/** Demand counts as up from this multiple of normal: retries of a failing caller raise it by less. */
const BUSIER = 1.3;
const FULL = 0.95;
const SATURATED = 0.85;
/** Share of the normal good answers at which nothing gets through any more. */
const COLLAPSED = 0.3;
const NEAR_LIMIT = 0.8;
/** A climb that would reach the limit within two hours. */
const HORIZON_MINUTES = 120;

const has = (scene: Scene, service: ServiceId, signal: SignalName): boolean =>
  scene.inventory.services.get(service)?.signals[signal] !== undefined;

const isHigh = (view: SignalView): boolean => view.state === 'high';

/** More failures than normal. */
export const failing: Question = (scene, service) => ask(scene, metric(service, 'error_ratio'), isHigh);

/** Slower than normal. */
export const slow: Question = (scene, service) => ask(scene, metric(service, 'latency_p95'), isHigh);

/** Its users feel it: errors or latency out of band. */
export const hurt: Question = (scene, service) => {
  const asked = [
    ...(has(scene, service, 'error_ratio') ? [failing(scene, service)] : []),
    ...(has(scene, service, 'latency_p95') ? [slow(scene, service)] : []),
  ];
  return asked.length === 0 ? unseen(scene, []) : anyOf(asked);
};

/** Hurt, or the very signal that the page is about is out of band here. */
export const ill: Question = (scene, service) => {
  const { signal, service: paged } = scene.about;
  if (signal === null || signal === 'error_ratio' || signal === 'latency_p95' || paged !== service)
    return hurt(scene, service);
  return anyOf([
    hurt(scene, service),
    ask(scene, metric(service, signal), (view) => view.state !== 'normal'),
  ]);
};

/** The paged service or this one is ill. */
export const felt: Question = (scene, service) =>
  anyOf([ill(scene, scene.about.service), ill(scene, service)]);

/** Clearly more requests than normal. */
export const busier: Question = (scene, service) =>
  ask(scene, metric(service, 'request_rate'), ({ state, now, median }) =>
    state !== 'high' ? false : now === null || median === null ? null : now >= BUSIER * median,
  );

/** Its instances hold about as much as they can, and normally do not. */
export const saturated: Question = (scene, service) => held(scene, service, SATURATED);

/** No room at all. */
export const full: Question = (scene, service) => held(scene, service, FULL);

function held(scene: Scene, service: ServiceId, least: number): Verdict {
  return ask(
    scene,
    metric(service, 'saturation'),
    ({ state, now }) => state === 'high' && now !== null && now >= least,
  );
}

/** Next to nothing gets through any more: answers without errors against their normal number. */
export const collapsed: Question = (scene, service) => {
  const rate = signalOf(scene, service, 'request_rate');
  const errors = signalOf(scene, service, 'error_ratio');
  const calls = [...(rate?.calls ?? []), ...(errors?.calls ?? [])];
  const flow = rate?.now == null || rate.median == null || rate.median <= 0 ? null : rate.now / rate.median;
  const good = errors?.now == null ? null : 1 - errors.now;
  if ((flow !== null && flow <= COLLAPSED) || (good !== null && good <= COLLAPSED)) return said(true, calls);
  if (flow !== null && good !== null) return said(flow * good <= COLLAPSED, calls);
  return unseen(scene, [metric(service, 'request_rate'), metric(service, 'error_ratio')]);
};

/** Memory is out of band and climbing towards its limit, or nearly there. */
export const leaking: Question = (scene, service) =>
  ask(scene, metric(service, 'memory_use'), ({ state, now, slope }) => {
    if (now === null) return null;
    const climbing = slope === null ? null : slope > 0 && now + slope * HORIZON_MINUTES >= 1;
    if (state === 'high') return now >= NEAR_LIMIT ? true : climbing;
    return now >= 0.9 ? climbing : false;
  });

/** Memory is nearly at its limit. */
export const nearLimit: Question = (scene, service) =>
  ask(scene, metric(service, 'memory_use'), ({ now }) => now !== null && now >= NEAR_LIMIT);

/**
 * Too few instances run or answer. Fewer on purpose, or instances that just start, are not down; an instance that runs but
 * answers neither scrape nor probe is.
 */
export const down: Question = (scene, service) => {
  const short = runsShort(scene, service);
  if (short.is === 'yes') return short;
  const silent = ask(scene, metric(service, 'instances_up'), ({ state }) => state === 'low');
  if (silent.is === 'no') return silent;
  if (silent.is === 'unseen') return silent.wants.length > 0 ? silent : short;
  if (short.is === 'unseen') return short.wants.length > 0 ? short : silent;
  return allOf([silent, hangs(scene, service)]);
};

/** What runs the service says that fewer instances run than should. */
export const runsShort: Question = (scene, service) => {
  const workload = scene.evidence.workloads.get(service);
  if (workload === undefined) return unseen(scene, [{ tool: 'workload_status', service }]);
  const { replicas, running, starting } = workload.value;
  return said(replicas > 0 && (running === 0 || running + starting < replicas), workload.calls);
};

/** All instances run, yet fewer answer the scrape than run, and the health check fails. */
function hangs(scene: Scene, service: ServiceId): Verdict {
  const running = scene.evidence.workloads.get(service)?.value.running ?? 0;
  const fewer = (signalOf(scene, service, 'instances_up')?.now ?? 0) < running;
  return fewer ? probeFails(scene, service) : said(false, scene.evidence.workloads.get(service)?.calls ?? []);
}

/** Whether it can be known at all if the service is down. */
export function hasLiveness(scene: Scene, service: ServiceId): boolean {
  return scene.inventory.services.get(service)?.workload !== undefined || has(scene, service, 'instances_up');
}

/** Its own health check fails. */
export const probeFails: Question = (scene, service) => {
  const probe = scene.evidence.probes.get(service);
  return probe === undefined
    ? unseen(scene, [{ tool: 'http_probe', service }])
    : said(!probe.value.ok, probe.calls);
};

/** A log that begins later than this before the page shows next to nothing of the time before: all in it would look new. */
const LOG_BEFORE_MS = 60_000;

/** Its log has a kind of error that was not there before; told by a look at errors that reaches back before the page. */
export const freshErrors: Question = (scene, service) => {
  const logs = scene.evidence.logs.get(service);
  const isTold = logs?.value.level === 'error' && logs.value.from <= scene.about.since - LOG_BEFORE_MS;
  if (logs === undefined || !isTold) return unseen(scene, [{ tool: 'logs_search', service }]);
  return said(
    logs.value.templates.some(({ fresh }) => fresh),
    logs.calls,
  );
};
