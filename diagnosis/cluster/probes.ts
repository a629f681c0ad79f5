import type { CallId } from '#core/ids.ts';
import type { ClusterCause } from '#incidents/cluster-causes.ts';
import type { ContainerSpec, Pod, Probe } from '#incidents/observations-cluster.ts';
import { appOf, mainContainers, messagesOf, specOf, unique } from './facts.ts';
import { appRef, type ClusterDetector, type ClusterFinding } from './finding.ts';
import type { ClusterState } from './state.ts';

type Which = 'liveness' | 'readiness';

type Failing = {
  readonly container: ContainerSpec;
  readonly probe: Probe;
  readonly other: Probe | null;
  /** What the kubelet said of the attempts. */
  readonly said: readonly string[];
  /** Whether its failing has the effect that such a probe has: restarts, or no traffic. */
  readonly hurts: boolean;
};

/** A probe that asks in another language gets answers that are no answers. */
const WRONG_LANGUAGE =
  /malformed HTTP|HTTP\/1\.x|HTTP\/0\.9|server gave HTTP response to HTTPS|first record does not look like a TLS|error reading server preface|frame too large|http2|unimplemented|unknown service|EOF|connection reset|statuscode: (404|405|415|400)/i;
const NOBODY = /connection refused|failed to connect|timeout|deadline exceeded|no route/i;

type OfApp = { readonly app: string; readonly failing: Failing; readonly calls: readonly CallId[] };

function failingProbes(state: ClusterState, which: Which): OfApp[] {
  return [...state.pods.values()].flatMap(({ value: pod, calls }) => {
    const app = appOf(pod);
    const spec = specOf(state, app);
    const messages = messagesOf(pod, state);
    const words = which === 'liveness' ? /Liveness probe/i : /Readiness probe/i;
    const said = messages.filter((text) => words.test(text));
    if (spec === null || said.length === 0) return [];
    const hurts = which === 'liveness' ? isRestarted(pod) : isUnready(pod);
    return mainContainers(spec.value).flatMap((container): OfApp[] => {
      const probe = container[which];
      if (probe === null) return [];
      const other = which === 'liveness' ? container.readiness : container.liveness;
      const looks = unique([...calls, ...spec.calls]);
      return [{ app, failing: { container, probe, other, said, hurts }, calls: looks }];
    });
  });
}

const isRestarted = (pod: Pod): boolean =>
  (pod.restarts ?? 0) > 0 || (pod.events ?? []).some(({ message }) => /failed liveness probe/i.test(message));
const isUnready = ({ ready, total }: Pod): boolean => ready !== null && total !== null && ready < total;

/** Ports that the container is known to serve; empty where it declares none. */
const served = ({ ports }: ContainerSpec): (number | string)[] =>
  (ports ?? []).flatMap(({ name, port }) => (name === null ? [port] : [port, name]));

export const asksWrongPort = ({
  container,
  probe,
  other,
}: Pick<Failing, 'container' | 'probe' | 'other'>): boolean => {
  if (probe.port === null) return false;
  const known = served(container);
  if (known.length > 0) return !known.includes(probe.port);
  return other?.port != null && other.port !== probe.port;
};

const asksWrongLanguage = ({ probe, other, said }: Failing): boolean => {
  const differs = other !== null && other.how !== probe.how && other.how !== 'exec' && probe.how !== 'exec';
  const isHeard = said.some((text) => WRONG_LANGUAGE.test(text));
  return isHeard || (differs && probe.how !== 'tcp' && other.how !== 'tcp');
};

/** How long a container may take to answer before it is killed. */
const patienceS = ({ delayS, periodS, failures, timeoutS }: Probe): number =>
  (delayS ?? 0) + (failures ?? 3) * Math.max(periodS ?? 10, timeoutS ?? 1);

function probe(cause: ClusterCause, which: Which, judge: (failing: Failing) => number): ClusterDetector {
  return {
    cause,
    find: (state) => {
      const best = new Map<string, ClusterFinding>();
      for (const { app, failing, calls } of failingProbes(state, which)) {
        if (!failing.hurts) continue;
        const points = judge(failing);
        if (points > (best.get(app)?.points ?? 0))
          best.set(app, { object: appRef(app), points, for: calls.slice(0, 8) });
      }
      return [...best.values()];
    },
  };
}

const wrongPort = (failing: Failing): number => {
  if (!asksWrongPort(failing)) return 0;
  return failing.said.some((text) => NOBODY.test(text)) ? 95 : 80;
};

const wrongLanguage = (failing: Failing): number => {
  if (asksWrongPort(failing) || !asksWrongLanguage(failing)) return 0;
  return failing.said.some((text) => WRONG_LANGUAGE.test(text)) ? 94 : 82;
};

/** Asked for the right thing in the right way, but not given the time that starting takes. */
const tooStrict = (failing: Failing): number => {
  if (asksWrongPort(failing) || asksWrongLanguage(failing) || failing.container.startup !== null) return 0;
  const patience = patienceS(failing.probe);
  if (patience <= 6) return 92;
  const readyPatience = failing.other === null ? Number.POSITIVE_INFINITY : patienceS(failing.other);
  if (patience <= 12 && readyPatience > 2 * patience) return 84;
  return patience <= 12 ? 62 : 0;
};

/** Probes that ask for the wrong thing; they are believed only where their failing has an effect. */
export const probeDetectors: readonly ClusterDetector[] = [
  probe('liveness_probe_incorrect_port', 'liveness', wrongPort),
  probe('liveness_probe_incorrect_protocol', 'liveness', wrongLanguage),
  probe('liveness_probe_incorrect_timing', 'liveness', tooStrict),
  probe('readiness_probe_incorrect_port', 'readiness', wrongPort),
  probe('readiness_probe_incorrect_protocol', 'readiness', wrongLanguage),
];
