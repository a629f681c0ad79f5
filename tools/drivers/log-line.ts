import { z } from 'zod';
import { readJson } from '#core/foreign-json.ts';
import type { LogLine } from './ports.ts';

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type Level = (typeof LEVELS)[number];

const Json = z.object({
  ts: z.union([z.string(), z.number()]).optional(),
  time: z.union([z.string(), z.number()]).optional(),
  timestamp: z.union([z.string(), z.number()]).optional(),
  level: z.union([z.string(), z.number()]).optional(),
  msg: z.string().optional(),
  message: z.string().optional(),
});

const NAMES: ReadonlyMap<string, Level> = new Map([
  ['trace', 'debug'],
  ['debug', 'debug'],
  ['verbose', 'debug'],
  ['info', 'info'],
  ['notice', 'info'],
  ['warn', 'warn'],
  ['warning', 'warn'],
  ['error', 'error'],
  ['err', 'error'],
  ['severe', 'error'],
  ['critical', 'error'],
  ['crit', 'error'],
  ['alert', 'error'],
  ['emerg', 'error'],
  ['panic', 'error'],
  ['fatal', 'error'],
]);
const WORD =
  /\b(trace|debug|info|notice|warn(?:ing)?|error|err|severe|critical|crit|panic|fatal|exception)\b/i;
const LEADING_TIME = /^\[?(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?)\]?\s{0,8}/;

/** Reads one line, JSON or plain text; the level of plain text is guessed by its first level word. Never throws. */
export function parseLogLine(line: string): LogLine & { level: Level } {
  return (line.startsWith('{') ? jsonLine(line) : undefined) ?? plainLine(line);
}

/** Is a line of this level wanted by a search for `asked`? A search for warnings shows errors too. */
export function levelMatches(level: Level, asked: 'error' | 'warn' | 'any'): boolean {
  return asked === 'any' || LEVELS.indexOf(level) >= LEVELS.indexOf(asked);
}

function jsonLine(line: string): (LogLine & { level: Level }) | undefined {
  const parsed = Json.safeParse(readJson(line));
  if (!parsed.success) return undefined;
  const { ts, time, timestamp, level, msg, message } = parsed.data;
  return { at: timeOf(ts ?? time ?? timestamp), level: levelOf(level), message: msg ?? message ?? line };
}

/** ISO text, seconds or milliseconds since 1970. */
function timeOf(value: string | number | undefined): number | null {
  if (value === undefined) return null;
  const ms = typeof value === 'string' ? Date.parse(value) : value < 1e11 ? value * 1000 : value;
  return Number.isFinite(ms) ? Math.round(ms) : null;
}

/** pino's numbers: 10 trace, 20 debug, 30 info, 40 warn, 50 error, 60 fatal. */
function levelOf(level: string | number | undefined): Level {
  if (typeof level === 'string') return NAMES.get(level.toLowerCase()) ?? 'info';
  if (level === undefined || level < 30) return level === undefined ? 'info' : 'debug';
  if (level < 40) return 'info';
  return level < 50 ? 'warn' : 'error';
}

function plainLine(line: string): LogLine & { level: Level } {
  const written = LEADING_TIME.exec(line);
  const message = written ? line.slice(written[0].length) : line;
  const word = WORD.exec(message.slice(0, 200))?.[1]?.toLowerCase();
  const level = word === 'exception' ? 'error' : (NAMES.get(word ?? '') ?? 'info');
  // A time without a zone is taken as UTC, as servers should log; a guess by the local zone would differ per machine.
  const text = written?.[1]?.replace(',', '.').replace(' ', 'T') ?? '';
  const at = Date.parse(/(?:Z|[+-]\d\d:?\d\d)$/.test(text) ? text : `${text}Z`);
  return { at: Number.isFinite(at) ? at : null, level, message };
}
