import { mineTemplates } from '#diagnosis/logs/mine.ts';
import type { ClusterLogs } from '#incidents/observations-cluster.ts';
import type { OfApp } from '../cluster-port.ts';
import type { Gap, Seen } from '../seen.ts';
import { type Ask, gapOfRefusal, type KubeClient } from './client.ts';
import { type Lister, pathOf } from './lister.ts';
import { appOfPod } from './to-pod.ts';
import { WirePod } from './wire-pod.ts';

const MOST_PODS = 3;
const TAIL_LINES = 300;
const MAX_BYTES = 256 * 1024;
const MOST_KINDS = 40;
/** Words that lines about trouble have, whoever wrote them. */
const TROUBLE =
  /error|fatal|panic|exception|traceback|critical|fail|refused|denied|timed? ?out|unable|cannot|could not|no such|unavailable|killed|unreachable|rejected/i;

type Deps = { readonly client: KubeClient; readonly list: Lister };

/**
 * The last lines of up to three pods of an application that speak of trouble, the pods in trouble first; of a container
 * that was restarted also what it wrote before. A gap only when no log at all can be read.
 */
export async function errorLogsOf(
  { client, list }: Deps,
  { namespace, app }: OfApp,
  signal: AbortSignal,
): Promise<Seen<ClusterLogs>> {
  const pods = await list.all({ base: '/api/v1', resource: 'pods', namespace, shape: WirePod }, signal);
  if (pods.kind === 'gap') return pods;
  const own = pods.value.items.filter((pod) => appOfPod(pod) === app).sort((a, b) => trouble(b) - trouble(a));
  if (own.length === 0) return { kind: 'gap', reason: 'no_data', detail: `no pod belongs to ${app}` };
  const asked = own.slice(0, MOST_PODS).flatMap((pod) => logsOf(pod, namespace));
  const answers = await Promise.all(asked.map((ask) => linesOf(client, ask, signal)));
  const read = answers.filter((one) => one.kind === 'seen');
  const gap = answers.find((one) => one.kind === 'gap');
  if (read.length === 0 && gap !== undefined) return gap;
  return { kind: 'seen', value: grouped(read.flatMap(({ value }) => value)) };
}

function trouble({ status }: WirePod): number {
  return status.containerStatuses.reduce(
    (sum, { ready, restartCount }) => sum + (ready === true ? 0 : 1000) + (restartCount ?? 0),
    0,
  );
}

function logsOf({ metadata: { name }, status }: WirePod, namespace: string): Ask[] {
  const path = `${pathOf({ base: '/api/v1', namespace, resource: 'pods', name })}/log`;
  return [...status.initContainerStatuses, ...status.containerStatuses].flatMap((container) => {
    const query = {
      container: container.name,
      tailLines: String(TAIL_LINES),
      limitBytes: String(MAX_BYTES),
    };
    const now: Ask = { path, query, verb: 'get', resource: 'pods/log' };
    const has = container.state?.running || container.state?.terminated;
    const before: Ask = { ...now, query: { ...query, previous: 'true' } };
    return [...(has ? [now] : []), ...((container.restartCount ?? 0) > 0 ? [before] : [])];
  });
}

async function linesOf(client: KubeClient, ask: Ask, signal: AbortSignal): Promise<Seen<string[]> | Gap> {
  const answer = await client.get(ask, signal);
  if (answer.kind === 'no_answer') return { kind: 'gap', reason: answer.reason, detail: answer.detail };
  if (answer.status !== 200) return gapOfRefusal(answer, ask);
  return { kind: 'seen', value: answer.text.split('\n').filter((line) => line.trim() !== '') };
}

/** One kind of line each, the most frequent first; `sample` is the latest of its kind. */
function grouped(lines: readonly string[]): ClusterLogs {
  const errors = lines.filter((line) => TROUBLE.test(line.slice(0, 2000)));
  const kinds = mineTemplates(errors);
  const groups = new Map<string, { count: number; sample: string }>();
  for (const [at, line] of errors.entries()) {
    const kind = kinds[at] ?? '';
    groups.set(kind, { count: (groups.get(kind)?.count ?? 0) + 1, sample: line.slice(0, 800) });
  }
  const patterns = [...groups.values()].sort((a, b) => b.count - a.count).slice(0, MOST_KINDS);
  return { lines: lines.length, errors: errors.length, patterns };
}
