import { join } from 'node:path';
import type { IncidentId } from '#core/ids.ts';
import { isCheckpointLine, noteInLine } from './checkpoint.ts';
import { parseEntryLine } from './entry-line.ts';
import type { Entry } from './log.ts';
import { type RawLine, readLines } from './read-lines.ts';
import { countSegments, segmentName } from './segment-files.ts';
import { logDirOf } from './verify.ts';

export type ShowOptions = { dir: string; incidentId?: IncidentId; kind?: string };

export type ShownLine =
  | { kind: 'entry'; segment: string; line: number; entry: Entry }
  | { kind: 'bad'; segment: string; line: number; reason: string };

/**
 * Entries as they stand in the files of a data directory or log folder, in order. Proves nothing: a line that is no
 * entry or checkpoint is passed on as `bad`, whatever the filter. Throws if a file cannot be read.
 */
export async function* showLog(options: ShowOptions): AsyncGenerator<ShownLine> {
  const logDir = logDirOf(options.dir);
  const segments = countSegments(logDir, segmentName);
  const count = segments.kind === 'ok' ? segments.count : segments.segment;
  for (let number = 0; number < count; number += 1) {
    const segment = segmentName(number);
    let line = 0;
    for await (const batch of readLines(join(logDir, segment), 0)) {
      for (const raw of batch) {
        line += 1;
        const shown = showLine(raw, { segment, line });
        if (shown && isWanted(shown, options)) yield shown;
      }
    }
  }
  if (segments.kind === 'missing') {
    yield { kind: 'bad', segment: segmentName(count), line: 0, reason: 'segment is missing' };
  }
}

function showLine(raw: RawLine, place: { segment: string; line: number }): ShownLine | undefined {
  if (raw.partial) return { kind: 'bad', ...place, reason: 'line is cut' };
  if (isCheckpointLine(raw.bytes) && noteInLine(raw.bytes.toString('utf8')) !== undefined) return undefined;
  const parsed = parseEntryLine(raw.bytes);
  if (parsed.kind === 'bad') return { kind: 'bad', ...place, reason: parsed.reason };
  return { kind: 'entry', ...place, entry: parsed.entry };
}

function isWanted(shown: ShownLine, filter: ShowOptions): boolean {
  if (shown.kind === 'bad') return true;
  const { entry } = shown;
  if (filter.incidentId !== undefined && entry.incidentId !== filter.incidentId) return false;
  return filter.kind === undefined || entry.kind === filter.kind;
}
