import { z } from 'zod';
import type { Clock } from '#core/clock.ts';
import { wayTo } from '#core/egress.ts';
import { askHttp, gapOf, gapOfStatus, shortForeign } from './http-text.ts';
import { levelMatches, parseLogLine } from './log-line.ts';
import type { LogLine, LogsDriver, LogsQuery, Seen } from './ports.ts';

export type LokiSettings = {
  /** The server, without a path. */
  readonly url: string;
  readonly token?: () => string;
  /** Whose logs, where one server keeps those of several. */
  readonly tenant?: string;
  /** The label that picks out a service by its name. */
  readonly label: string;
  readonly timeoutMs?: number;
};

/** Lines that are fetched, the newest; a server refuses more than 5,000 by default. */
const MAX_LINES = 5000;
const Nanos = z.string().regex(/^\d{10,20}$/);
const Answer = z.object({
  status: z.literal('success'),
  data: z.object({
    resultType: z.literal('streams'),
    // A third part may hold metadata of the line.
    result: z
      .array(
        z.object({
          stream: z.record(z.string(), z.string()),
          values: z.array(z.tuple([Nanos, z.string()]).rest(z.unknown())).max(MAX_LINES),
        }),
      )
      .max(MAX_LINES),
  }),
});

/** A line that no level filter of ours would keep has none of these; numbers are levels of JSON lines. */
const BAD = 'err|severe|crit|alert|emerg|panic|fatal|exception|level\\W{1,3}[56]0';
const WORSE_THAN_INFO = `${BAD}|warn|level\\W{1,3}40`;

/**
 * Searches the log lines of a service in a Loki server. The query is made here from the service's name alone; nothing that
 * somebody wrote enters it. Lines are foreign text. Never throws.
 */
export function createLoki(settings: LokiSettings, clock: Clock): LogsDriver {
  const { url, token, tenant, timeoutMs = 5000 } = settings;
  const send = wayTo(url);
  return {
    search: async (query, signal) => {
      const params = new URLSearchParams({
        query: logql(settings.label, query),
        start: `${query.from}000000`,
        end: `${clock.now()}000000`,
        limit: String(MAX_LINES),
        direction: 'backward',
      });
      const headers = tenant === undefined ? {} : { 'x-scope-orgid': tenant };
      const ask = { url: `${url.replace(/\/$/, '')}/loki/api/v1/query_range?${params}`, token, headers };
      const answer = await askHttp({ ...ask, timeoutMs, send }, clock, signal);
      if (answer.kind === 'no_answer') return gapOf(answer);
      return answer.status === 200 ? linesOf(answer.text, query) : gapOfStatus(answer);
    },
  };
}

/** The query for the lines of a service, without those that are certainly of another level. */
export function logql(label: string, { service, level }: Pick<LogsQuery, 'service' | 'level'>): string {
  const name = service.workload?.name ?? service.id;
  const selector = `{${label}=${JSON.stringify(name.toWellFormed())}}`;
  if (level === 'any') return selector;
  return `${selector} |~ ${JSON.stringify(`(?i)${level === 'error' ? BAD : WORSE_THAN_INFO}`)}`;
}

function linesOf(
  text: string,
  query: LogsQuery,
): Seen<{ lines: readonly LogLine[]; total: number; truncated: boolean }> {
  const parsed = parse(text);
  if (typeof parsed === 'string') return { kind: 'gap', reason: 'bad_answer', detail: shortForeign(parsed) };
  const all = parsed.data.result.flatMap(({ values }) => values);
  const found = all.flatMap(([nanos, raw]): LogLine[] => {
    const line = parseLogLine(raw.slice(0, 16_384).trimEnd());
    // The server's time: a line's own may lack its zone.
    const at = Math.round(Number(nanos.slice(0, -6)));
    return levelMatches(line.level, query.level) && at >= query.from ? [{ ...line, at }] : [];
  });
  found.sort((a, b) => (a.at ?? 0) - (b.at ?? 0));
  const lines = found.slice(-query.limit);
  const truncated = all.length >= MAX_LINES || found.length > lines.length;
  return { kind: 'seen', value: { lines, total: found.length, truncated } };
}

function parse(text: string): z.infer<typeof Answer> | string {
  try {
    const result = Answer.safeParse(JSON.parse(text));
    return result.success ? result.data : z.prettifyError(result.error);
  } catch {
    return 'not JSON';
  }
}
