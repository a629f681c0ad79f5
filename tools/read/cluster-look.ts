import type { JsonObject } from '#core/canonical.ts';
import { ClusterSeen } from '#incidents/observations-cluster.ts';
import type { ServiceRef } from '#incidents/refs.ts';
import type { ClusterDriver } from '../drivers/cluster-port.ts';
import type { Gap, Seen } from '../drivers/ports.ts';
import type { ToolContext, ToolResult } from '../tool.ts';
import { cleaned, shown } from './cleaned.ts';
import { joined } from './foreign.ts';
import { knownService, notConfigured, unknownService } from './known-service.ts';

/** Longest string that a look keeps. */
const MAX_STRING = 800;

/** Where a reference leads: the driver of its cluster and the namespace there. */
export type Reached = { readonly kind: 'seen'; readonly driver: ClusterDriver; readonly namespace: string };

/** The cluster that a service or system of the config runs in; a gap where it names none. */
export function reach({ inventory, world }: ToolContext, ref: ServiceRef): Reached | Gap {
  const service = knownService(inventory, ref);
  if (service === undefined) return unknownService(ref);
  if (service.cluster === undefined) return notConfigured(`${service.id} names no cluster`);
  const driver = world.clusters?.get(service.cluster.driver);
  if (driver === undefined) return notConfigured(`${service.id} names a cluster that is not configured`);
  return { kind: 'seen', driver, namespace: service.cluster.namespace };
}

/**
 * What a look gave, cleaned of secrets of known formats and of everything that steers a screen, checked, and as text.
 * An answer of another shape is a gap: a driver speaks to foreign systems.
 */
export function lookResult<T>(
  seen: Seen<T>,
  { value, facts }: { value: (seen: T) => ClusterSeen; facts: JsonObject },
): ToolResult {
  if (seen.kind === 'gap') return seen;
  const parsed = ClusterSeen.safeParse(cleaned(value(seen.value), MAX_STRING));
  if (!parsed.success)
    return { kind: 'gap', reason: 'bad_answer', detail: 'the cluster gave an answer of an unknown shape' };
  return { kind: 'ok', value: parsed.data, text: textOf(parsed.data), facts };
}

/** One line for each thing; what was not shown is left out. */
function textOf(seen: ClusterSeen): string {
  switch (seen.look) {
    case 'objects':
      return joined([
        `${seen.objects.length} objects${seen.truncated ? ' or more' : ''}`,
        ...seen.objects.map(({ kind, name, ...rest }) => `${kind} ${name}: ${shown(rest)}`),
      ]);
    case 'events':
      return joined([`${seen.events.length} events`, ...seen.events.map((event) => shown(event))]);
    case 'logs': {
      const { errors, lines, patterns } = seen.logs;
      const head = `${seen.app}: ${errors ?? 'unknown'} of ${lines ?? 'unknown'} lines speak of errors`;
      return joined([head, ...patterns.map(({ count, sample }) => `${count} x ${sample}`)]);
    }
    case 'node_service':
      return `${seen.state.service} of ${seen.state.node}: ${seen.state.state} (${seen.state.detail})`;
    case 'dependencies': {
      const { calledBy, edges } = seen.dependencies;
      const calls = edges.map(({ from, to }) => `${from} calls ${to}`);
      return joined([`${seen.app} is called by ${calledBy.join(', ') || 'nobody known'}`, ...calls]);
    }
    case 'connectivity':
      return `${seen.service}:${seen.port}: ${seen.connectivity.open ? 'open' : 'no connection'} (${seen.connectivity.detail})`;
    case 'anomalies':
      return joined([
        `${seen.anomalies.length} measurements left their normal level`,
        ...seen.anomalies.map(
          ({ kind, name, what, normal, now }) =>
            `${kind} ${name}: ${what}, normally ${normal ?? 'unknown'}, now ${now ?? 'unknown'}`,
        ),
      ]);
  }
}
