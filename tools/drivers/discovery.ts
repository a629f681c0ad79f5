import { z } from 'zod';
import type { Clock } from '#core/clock.ts';
import { askHttp, gapOf, gapOfStatus, type Send, shortForeign } from './http-text.ts';
import type { Seen } from './ports.ts';

/** Where one instance exposes its metrics, and which service it belongs to. */
export type ScrapeTarget = { readonly service: string; readonly url: string };

/** Prometheus HTTP service discovery; a target is a host and a port, nothing that could change the path or the user. */
const Groups = z
  .array(
    z.object({
      targets: z
        .array(z.string().regex(/^(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+):\d{1,5}$/, 'not host:port'))
        .max(1000),
      labels: z.record(z.string(), z.string()).optional(),
    }),
  )
  .max(1000);

/** Asks an http_sd address for targets; those without label `service` are left out. Never throws. */
export async function discoverTargets(
  from: { url: string; token?: (() => string) | undefined; timeoutMs: number; send: Send },
  clock: Clock,
  signal: AbortSignal,
): Promise<Seen<ScrapeTarget[]>> {
  const answer = await askHttp(from, clock, signal);
  if (answer.kind === 'no_answer') return gapOf(answer);
  if (answer.status !== 200) return gapOfStatus(answer);
  const groups = parseGroups(answer.text);
  if (typeof groups === 'string') return { kind: 'gap', reason: 'bad_answer', detail: shortForeign(groups) };
  const targets = groups.flatMap(({ targets: addresses, labels = {} }) =>
    addresses.flatMap((address) => {
      const { service } = labels;
      return service === undefined ? [] : [{ service, url: `http://${address}/metrics` }];
    }),
  );
  return { kind: 'seen', value: targets };
}

function parseGroups(text: string): z.infer<typeof Groups> | string {
  try {
    const result = Groups.safeParse(JSON.parse(text));
    return result.success ? result.data : z.prettifyError(result.error);
  } catch {
    return 'not JSON';
  }
}
