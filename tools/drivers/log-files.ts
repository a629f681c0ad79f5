import { constants } from 'node:fs';
import { type FileHandle, open, realpath } from 'node:fs/promises';
import { basename, dirname, join, sep } from 'node:path';
import { messageOf } from '#core/errors.ts';
import { shortForeign } from './http-text.ts';
import { levelMatches, parseLogLine } from './log-line.ts';
import type { Gap, LogLine, LogsDriver, LogsQuery, Seen } from './ports.ts';

/** How much of the end of each file is read. */
export const TAIL_BYTES = 512 * 1024;

/**
 * Searches the log files that the config names for a service, and no others: a path never comes from a question. A file
 * that is no regular one, or a link out of its configured folder, is refused. Never throws. Lines are foreign text.
 */
export function createLogFiles(): LogsDriver {
  return {
    search: async (query, signal) => {
      const files = query.service.logs ?? [];
      if (files.length === 0) return { kind: 'gap', reason: 'not_configured', detail: 'no log files' };
      const tails: Tail[] = [];
      for (const file of files) {
        if (signal.aborted) return { kind: 'gap', reason: 'timeout', detail: 'stopped while reading' };
        const tail = await readTail(file);
        if (tail.kind === 'gap') return tail;
        tails.push(tail.value);
      }
      return { kind: 'seen', value: select(tails, query) };
    },
  };
}

/** `whole`: the file starts inside the tail, so nothing older exists. */
type Tail = { readonly text: string; readonly whole: boolean };

async function readTail(file: string): Promise<Seen<Tail>> {
  let handle: FileHandle | undefined;
  try {
    const path = await pathInside(file);
    if (path === undefined) return refused(file, 'a link out of its folder');
    // Not waiting for a writer of a pipe, and not following a link that was put there since.
    handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
    const status = await handle.stat();
    if (!status.isFile()) return refused(file, 'not a regular file');
    return { kind: 'seen', value: await tailOf(handle, status.size) };
  } catch (error) {
    return { kind: 'gap', reason: 'unreachable', detail: shortForeign(messageOf(error)) };
  } finally {
    await handle?.close();
  }
}

async function pathInside(file: string): Promise<string | undefined> {
  const [folder, target] = await Promise.all([realpath(dirname(file)), realpath(file)]);
  const inside = target === join(folder, basename(file)) || target.startsWith(folder + sep);
  return inside ? target : undefined;
}

function refused(file: string, why: string): Gap {
  return { kind: 'gap', reason: 'refused', detail: `${basename(file)}: ${why}` };
}

async function tailOf(handle: FileHandle, size: number): Promise<Tail> {
  const start = Math.max(0, size - TAIL_BYTES);
  const buffer = Buffer.alloc(Math.min(size, TAIL_BYTES));
  let filled = 0;
  while (filled < buffer.length) {
    const { bytesRead } = await handle.read(buffer, filled, buffer.length - filled, start + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  const text = buffer.toString('utf8', 0, filled);
  // The first line of a cut file is a part of one.
  return start === 0 ? { text, whole: true } : { text: text.slice(text.indexOf('\n') + 1), whole: false };
}

type Found = { line: LogLine; order: number };

/** The newest `limit` matches of all files, oldest first; a line without a time has that of the line before it. */
function select(
  tails: readonly Tail[],
  query: LogsQuery,
): { lines: LogLine[]; total: number; truncated: boolean } {
  const found: Found[] = [];
  let cut = false;
  for (const { text, whole } of tails) {
    let earliest: number | null = null;
    let last: number | null = null;
    for (const raw of text.split('\n')) {
      if (raw.trim() === '') continue;
      const line = parseLogLine(raw.trimEnd());
      last = line.at ?? last;
      earliest ??= last;
      if (!levelMatches(line.level, query.level) || (last !== null && last < query.from)) continue;
      found.push({ line, order: last ?? query.from });
    }
    if (!whole && (earliest === null || earliest > query.from)) cut = true;
  }
  found.sort((a, b) => a.order - b.order);
  const lines = found.slice(-query.limit).map(({ line }) => line);
  return { lines, total: found.length, truncated: cut || found.length > lines.length };
}
