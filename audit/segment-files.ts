import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** A place in the segments of a log: byte offset and how many lines lie before it. */
export type Position = { segment: number; at: number; line: number };

/** `00000003.jsonl` */
export function segmentName(segment: number): string {
  return `${String(segment).padStart(8, '0')}.jsonl`;
}

/** `payloads-00000003` */
export function payloadSegmentName(segment: number): string {
  return `payloads-${String(segment).padStart(8, '0')}`;
}

/**
 * How many segments there are, or the number of the first one that is missing between others; a folder of that name is
 * none. Throws if unreadable.
 */
export function countSegments(
  logDir: string,
  nameOf: (segment: number) => string,
): { kind: 'ok'; count: number } | { kind: 'missing'; segment: number } {
  const found = readdirSync(logDir, { withFileTypes: true });
  const names = new Set(found.map(({ name }) => name));
  const folders = new Set(found.filter((entry) => entry.isDirectory()).map(({ name }) => name));
  let count = 0;
  while (!folders.has(nameOf(count)) && names.delete(nameOf(count))) count += 1;
  const shape = new RegExp(`^${nameOf(0).replace(/\d{8}/, '\\d{8}').replace('.', '\\.')}$`);
  for (const name of names) if (shape.test(name)) return { kind: 'missing', segment: count };
  return { kind: 'ok', count };
}

/** Size in bytes, 0 when there is no such file, or a folder. */
export function fileSize(logDir: string, name: string): number {
  const found = statSync(join(logDir, name), { throwIfNoEntry: false });
  return found?.isDirectory() === false ? found.size : 0;
}
