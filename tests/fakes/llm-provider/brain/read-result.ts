import type { JsonValue } from '#core/canonical.ts';
import { ServiceId } from '#core/ids.ts';
import { readSignal } from './read-signal.ts';

const time = (text: string | undefined): number | null => (text === undefined ? null : Date.parse(text));

/** What a tool's text says, as the value it was written from; null for what this reader cannot make out. */
export function readResult(tool: string, args: JsonValue, text: string): JsonValue {
  switch (tool) {
    case 'metrics_query':
      return readSignal(text);
    case 'logs_search':
      return readLogs(text, args);
    case 'deployments_list':
      return readDeployments(text);
    case 'workload_status':
      return readWorkload(text);
    case 'http_probe':
      return readProbe(text);
    default:
      return null;
  }
}

function readLogs(text: string, args: JsonValue): JsonValue {
  const [head = '', ...lines] = text.split('\n');
  const found = /^(\S+): (\d+)( or more)? lines/.exec(head);
  if (found === null) return null;
  const level = typeof args === 'object' && args !== null && 'level' in args ? args.level : 'any';
  const templates = lines.flatMap((line) => {
    const one = /^(\d+) x (.*) \((new|seen before)(?:, first (\S+))?\)$/.exec(line);
    const [, count, template = '', fresh, first] = one ?? [];
    return one === null
      ? []
      : [{ template, count: Number(count), firstAt: time(first), fresh: fresh === 'new' }];
  });
  return {
    ...{ service: found[1] ?? '', level: level ?? 'any', from: 0, total: Number(found[2]) },
    ...{ truncated: found[3] !== undefined, templates },
  };
}

function readDeployments(text: string): JsonValue {
  const [head = '', ...lines] = text.split('\n');
  const service = /^(\S+): \d+ deployments$/.exec(head)?.[1];
  if (service === undefined) return null;
  const deployments = lines.flatMap((line) => {
    const one = /^(\S+) (.+) by (.*), (deploy:\S+|runs now)$/.exec(line);
    const [, at, version = '', by = '', ref = ''] = one ?? [];
    return one === null ? [] : [{ ref: ref === 'runs now' ? null : ref, version, at: time(at), by }];
  });
  return { service, deployments };
}

const WORKLOAD =
  /^(\S+): version (.+), (\d+) wanted of at most (\d+): (\d+) running, (\d+) starting, (\d+) exited(?:; started (\S+) to (\S+))?$/m;

function readWorkload(text: string): JsonValue {
  const found = WORKLOAD.exec(text);
  if (found === null) return null;
  const [, service = '', version = '', replicas, most, running, starting, exited, oldest, newest] = found;
  return {
    ...{
      service,
      uid: 'not told',
      generation: 0,
      version,
      replicas: Number(replicas),
      maxReplicas: Number(most),
    },
    ...{ running: Number(running), starting: Number(starting), exited: Number(exited) },
    ...{ oldestStart: time(oldest), newestStart: time(newest) },
  };
}

function readProbe(text: string): JsonValue {
  const none = /^(\S+): no answer from the health check after (\d+) ms$/.exec(text);
  if (none !== null) return { service: none[1] ?? '', ok: false, status: 0, ms: Number(none[2]) };
  const [, service, status, ms] = /^(\S+): health check: (\d+) in (\d+) ms$/.exec(text) ?? [];
  if (service === undefined) return null;
  return { service, ok: status?.startsWith('2') === true, status: Number(status), ms: Number(ms) };
}

/** Neighbours of a service, where a text names them: `calls: a, b; called by: c`. */
export function readNeighbours(text: string): {
  calls: readonly ServiceId[];
  calledBy: readonly ServiceId[];
} {
  const [, calls, callers] = /^calls: ([^;\n]+); called by: ([^;\n]+)$/m.exec(text) ?? [];
  return { calls: namesIn(calls), calledBy: namesIn(callers) };
}

function namesIn(list: string | undefined): readonly ServiceId[] {
  if (list === undefined || list === 'nothing' || list === 'nobody') return [];
  return list.split(', ').flatMap((name) => ServiceId.safeParse(name).data ?? []);
}
