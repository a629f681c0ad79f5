import { mineTemplates } from '#diagnosis/logs/mine.ts';
import type { LogCount, SystemView } from '#diagnosis/series/system.ts';
import type { Service } from '#incidents/inventory.ts';
import type { LogLine } from '../drivers/ports.ts';
import type { ToolContext } from '../tool.ts';
import { foreign } from './foreign.ts';
import type { Grid } from './scan-series.ts';

const MAX_LINES = 2000;
const BUCKET = 60_000;
const ERRORS = new Set(['error', 'fatal', 'critical']);

/**
 * How often each kind of line was written a minute, per service, over the time that all logs cover: a log that starts
 * later than the others would make its first lines look new. Services without logs are left out; those with logs that cannot be
 * read are named as `unread`.
 */
export async function scanLogs(
  services: readonly Service[],
  { from, to }: Grid,
  { world, signal }: ToolContext,
): Promise<SystemView['logs'] & { readonly unread: readonly string[] }> {
  const unread: string[] = [];
  const read: { service: Service; lines: readonly LogLine[] }[] = [];
  for (const service of services) {
    if (service.logs === undefined && service.loki === undefined) continue;
    if (signal.aborted) {
      unread.push(service.id);
      continue;
    }
    const seen = await world.logs.search({ service, level: 'any', from, limit: MAX_LINES }, signal);
    if (seen.kind === 'gap') unread.push(service.id);
    else if (seen.value.lines.length > 0) read.push({ service, lines: seen.value.lines });
  }
  if (read.length === 0) return { buckets: [], rows: [], unread };
  const start = Math.max(from, ...read.map(({ lines }) => earliest(lines, to)));
  const rows = read.flatMap(({ service, lines }) => countsOf(service, lines, { start, to }));
  const first = bucketOf(start);
  const count = Math.max(0, Math.floor((bucketOf(to) - first) / BUCKET) + 1);
  return { buckets: Array.from({ length: count }, (_, i) => first + i * BUCKET), rows, unread };
}

const bucketOf = (at: number): number => Math.floor(at / BUCKET) * BUCKET;

const earliest = (lines: readonly LogLine[], none: number): number =>
  lines.reduce((least, { at }) => (at === null ? least : Math.min(least, at)), none);

function countsOf(
  service: Service,
  lines: readonly LogLine[],
  { start, to }: { start: number; to: number },
): LogCount[] {
  const counts = new Map<string, LogCount>();
  // Cleaned of secrets and control characters before anything of it is kept.
  const templates = mineTemplates(lines.map(({ message }) => foreign(message.slice(0, 2000), 600)));
  for (const [i, { at, level }] of lines.entries()) {
    if (at === null || at < start || at > to) continue;
    const template = foreign(templates[i] ?? '', 200);
    const isError = ERRORS.has(level.toLowerCase());
    const key = JSON.stringify([bucketOf(at), template, isError]);
    const known = counts.get(key);
    counts.set(key, {
      at: bucketOf(at),
      service: service.id,
      template,
      isError,
      count: (known?.count ?? 0) + 1,
    });
  }
  return [...counts.values()];
}
