import type { CallId } from '#core/ids.ts';
import type { PodSpec } from '#incidents/observations-cluster.ts';
import { podsOf, specOf, troubleOf, unique } from './facts.ts';
import { appRef, type ClusterDetector, type ClusterFinding } from './finding.ts';
import { dialErrors, gateways } from './routing.ts';
import type { ClusterState } from './state.ts';

/** An address that an application is told in its environment. */
export type Address = { readonly variable: string; readonly host: string; readonly port: number | null };

const ADDRESS = /^(?:[a-z][a-z0-9+.-]*:\/\/)?([a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)(?::(\d{1,5}))?(?:\/.*)?$/;
const HOST_VARIABLE = /(HOST|ADDR|ADDRESS|URL|URI|ENDPOINT|SERVER|SERVICE)S?$/i;

/** Addresses in an environment: `host:port`, an URL, or a host and a port in two variables of one beginning. */
export function addressesOf(spec: PodSpec): Address[] {
  return spec.containers.flatMap(({ env }) => {
    const all = (env ?? []).flatMap(({ name, value }) => (value === null ? [] : [{ name, value }]));
    return all.flatMap(({ name, value }): Address[] => {
      const found = ADDRESS.exec(value);
      if (found === null || /^\d+(\.\d+)*$/.test(found[1] ?? '')) return [];
      const host = found[1] ?? '';
      if (found[2] !== undefined) return [{ variable: name, host, port: Number(found[2]) }];
      if (!HOST_VARIABLE.test(name)) return [];
      const stem = name.replace(HOST_VARIABLE, '');
      const sibling = all.find((one) => one.name === `${stem}PORT`);
      return [{ variable: name, host, port: sibling === undefined ? null : Number(sibling.value) || null }];
    });
  });
}

/** So long a name is no accident inside another. */
const MEANINGFUL = 4;

/** Names of one another but for a slip of the pen, or with something put before or behind. */
export function isNear(a: string, b: string): boolean {
  if (a === b) return false;
  if (b.length >= MEANINGFUL && (a.startsWith(`${b}-`) || a.endsWith(`-${b}`))) return true;
  if (Math.abs(a.length - b.length) > 3) return false;
  if (a.startsWith(b) || b.startsWith(a)) return true;
  return distance(a, b) <= 2;
}

function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

export type WrongAddress = Address & { readonly why: 'port' | 'name' | 'unknown_name' };

/** Addresses that lead to no service, or to a port that the service does not have. */
export function wrongAddresses(state: ClusterState, spec: PodSpec): WrongAddress[] {
  if (!state.listed.has('service')) return [];
  const names = [...state.services.keys()];
  return addressesOf(spec).flatMap((address): WrongAddress[] => {
    const [label = '', namespace] = address.host.split('.');
    if (namespace !== undefined && namespace !== state.namespace && namespace !== 'svc') return [];
    if (label === 'localhost') return [];
    const service = state.services.get(label)?.value;
    // Right, but for the service: that is missing, and the address is not wrong.
    if (service === undefined && (state.workloads.has(label) || podsOf(state, label).length > 0)) return [];
    if (service === undefined) {
      const near = names.some((name) => isNear(label, name));
      return [{ ...address, why: near ? 'name' : 'unknown_name' }];
    }
    const ports = (service.ports ?? []).map(({ port }) => port);
    return address.port === null || ports.length === 0 || ports.includes(address.port)
      ? []
      : [{ ...address, why: 'port' }];
  });
}

/** Every application whose specification was seen. */
function* seenApps(state: ClusterState): Generator<{ app: string; spec: PodSpec; calls: readonly CallId[] }> {
  const apps = new Set([
    ...state.workloads.keys(),
    ...[...state.pods.values()].flatMap(({ value }) => value.app ?? []),
  ]);
  for (const app of apps) {
    const spec = specOf(state, app);
    if (spec !== null) yield { app, spec: spec.value, calls: spec.calls };
  }
}

/** A port that databases of this kind listen on; a wrong one has a name of its own. */
const MYSQL = /mysql|mariadb/i;

export const isDatabaseAddress = ({ variable, host }: Address): boolean =>
  MYSQL.test(variable) || MYSQL.test(host);

const envAddress: ClusterDetector = {
  cause: 'service_env_var_address_mismatch',
  find: (state) =>
    [...seenApps(state)].flatMap(({ app, spec, calls }): ClusterFinding[] => {
      const wrong = wrongAddresses(state, spec).filter(
        (one) => !(one.why === 'port' && isDatabaseAddress(one)),
      );
      if (wrong.length === 0) return [];
      const looks = unique(
        [...calls, ...(state.listed.has('service') ? [state.listed.get('service')] : [])].flatMap(
          (call) => call ?? [],
        ),
      );
      const heard = dialErrors(state).some((error) => wrong.some(({ host }) => host === error.host));
      const isSick = podsOf(state, app).some(({ value }) => troubleOf(value) !== null);
      // A name that is like no other may be of something that was never there, and that nobody misses.
      const strange = heard ? (isSick ? 84 : 66) : 30;
      const points = wrong.some(({ why }) => why !== 'unknown_name') ? (heard ? 97 : 93) : strange;
      return [{ object: appRef(app), points, for: looks.slice(0, 8) }];
    }),
};

const databasePort: ClusterDetector = {
  cause: 'mysql_invalid_port',
  find: (state) =>
    [...seenApps(state)].flatMap(({ app, spec, calls }): ClusterFinding[] => {
      const wrong = wrongAddresses(state, spec).filter((one) => one.why === 'port' && isDatabaseAddress(one));
      return wrong.length === 0 ? [] : [{ object: appRef(app), points: 93, for: calls.slice(0, 8) }];
    }),
};

/** It has been up for long and is measured to answer with errors: what it logs is not of its start. */
const LONG_UP_S = 600;
function isErringWhileUp(state: ClusterState, app: string): boolean {
  const pods = podsOf(state, app);
  const isMeasured = (state.anomalies?.value ?? []).some(
    ({ kind, name, what }) => kind === 'app' && name === app && what === 'errors',
  );
  return (
    isMeasured &&
    pods.length > 0 &&
    pods.every(
      ({ value }) =>
        troubleOf(value) === null && (value.ageS ?? 0) > LONG_UP_S && (value.restarts ?? 0) === 0,
    )
  );
}

/** Names of services that exist do not resolve for one application, which is told to ask elsewhere for names. */
const dnsFailure: ClusterDetector = {
  cause: 'service_dns_resolution_failure',
  find: (state) => {
    const errors = dialErrors(state).filter(
      ({ from, host, why }) =>
        why === 'no_name' &&
        (state.services.has(host.split('.')[0] ?? '') ||
          (!state.listed.has('service') && isErringWhileUp(state, from))),
    );
    const told = [...seenApps(state)].filter(
      ({ spec }) =>
        spec.dnsPolicy === 'None' ||
        (spec.dnsPolicy === 'Default' &&
          addressesOf(spec).some(({ host }) => state.services.has(host.split('.')[0] ?? ''))),
    );
    const apps = new Set([...errors.map(({ from }) => from), ...told.map(({ app }) => app)]);
    return [...apps].flatMap((app): ClusterFinding[] => {
      const own = errors.filter(({ from }) => from === app);
      const policy = told.find((one) => one.app === app);
      const lasts = own.length > 0 && isErringWhileUp(state, app);
      // While everything starts, names do not resolve for a moment: on its own such a line says little.
      const points = policy !== undefined ? (own.length > 0 ? 95 : 72) : lasts ? 76 : 35;
      return [
        {
          object: appRef(app),
          points,
          for: unique([...own.flatMap(({ calls }) => calls), ...(policy?.calls ?? [])]).slice(0, 8),
        },
      ];
    });
  },
};

/**
 * Who lets the outside in looks for a service that does not exist, and nothing in its environment says so: its own table of
 * routes does.
 */
const misrouted: ClusterDetector = {
  cause: 'gateway_misrouted',
  find: (state) =>
    gateways(state).flatMap((app): ClusterFinding[] => {
      const spec = specOf(state, app);
      if (spec === null || !state.listed.has('service')) return [];
      const told = new Set(addressesOf(spec.value).map(({ host }) => host));
      const lost = dialErrors(state).filter(
        ({ from, host, why }) =>
          from === app &&
          why === 'no_name' &&
          !told.has(host) &&
          !state.services.has(host.split('.')[0] ?? ''),
      );
      if (lost.length === 0) return [];
      const isNearOne = lost.some(({ host }) =>
        [...state.services.keys()].some((name) => isNear(host.split('.')[0] ?? '', name)),
      );
      const looks = unique([...lost.flatMap(({ calls }) => calls), ...spec.calls]);
      return [{ object: appRef(app), points: isNearOne ? 78 : 60, for: looks.slice(0, 8) }];
    }),
};

/** Causes that lie in where an application looks for others. */
export const addressDetectors: readonly ClusterDetector[] = [envAddress, databasePort, dnsFailure, misrouted];
