import type { ClusterObject, ContainerSpec, PodSpec } from '#incidents/observations-cluster.ts';

/** One object from two looks at it: what the later one shows counts, what it does not show is kept from the earlier one. */
export function merged(earlier: ClusterObject, later: ClusterObject): ClusterObject {
  if (earlier.kind !== later.kind) return later;
  if (later.kind === 'pod' && earlier.kind === 'pod')
    return { ...filled(earlier, later), spec: specs(earlier.spec, later.spec) };
  if (later.kind === 'workload' && earlier.kind === 'workload')
    return { ...filled(earlier, later), spec: specs(earlier.spec, later.spec) };
  if (later.kind === 'service' && earlier.kind === 'service')
    return { ...filled(earlier, later), ports: ports(earlier.ports, later.ports) };
  return filled(earlier, later);
}

/** `later` with every null replaced by what `earlier` says. */
function filled<T extends object>(earlier: T, later: T): T {
  const kept = Object.entries(later).filter(([, value]) => value !== null);
  return { ...earlier, ...Object.fromEntries(kept) };
}

function specs(earlier: PodSpec | null, later: PodSpec | null): PodSpec | null {
  if (earlier === null || later === null) return later ?? earlier;
  const containers = later.containers.map((one) => {
    const known = earlier.containers.find(({ name }) => name === one.name);
    return known === undefined ? one : container(known, one);
  });
  return { ...filled(earlier, later), containers };
}

function container(earlier: ContainerSpec, later: ContainerSpec): ContainerSpec {
  const named = (later.ports ?? []).map((port) => ({
    ...port,
    name: port.name ?? earlier.ports?.find((one) => one.port === port.port)?.name ?? null,
  }));
  return { ...filled(earlier, later), ports: later.ports === null ? earlier.ports : named };
}

type Ports = Extract<ClusterObject, { kind: 'service' }>['ports'];

/** A list shows less of a port than a description does. */
function ports(earlier: Ports, later: Ports): Ports {
  if (earlier === null || later === null) return later ?? earlier;
  return later.map((port) => {
    const known = earlier.find((one) => one.port === port.port);
    return {
      ...port,
      name: port.name ?? known?.name ?? null,
      target: port.target ?? known?.target ?? null,
      appProtocol: port.appProtocol ?? known?.appProtocol ?? null,
    };
  });
}
