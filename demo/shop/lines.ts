import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

/**
 * Calls `onLine` with each line of a stream, parsed as JSON, and `onEnd` once when the other side is gone.
 * Throws (into the event loop) on a line that is not JSON: both ends are ours, so that is a bug.
 */
export function readLines(stream: Readable, onLine: (value: unknown) => void, onEnd?: () => void): void {
  const lines = createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY });
  lines.on('line', (line) => {
    if (line !== '') onLine(JSON.parse(line));
  });
  if (onEnd) lines.on('close', onEnd);
}

/**
 * The shop's process convention: the first line on stdin is the settings, later lines are commands, and the end of
 * stdin ends the process, so that nothing outlives a killed parent. `onEnd` replaces the plain exit. Ctrl-C, which a
 * terminal sends to the whole group, is left to the parent.
 */
export function runProcess(handlers: {
  onSettings: (value: unknown) => void;
  onCommand?: (value: unknown) => void;
  onEnd?: () => void;
}): void {
  process.on('SIGINT', () => {});
  // The parent is gone; the end of stdin says so too and is acted upon.
  process.stdout.on('error', () => {});
  let started = false;
  const onLine = (value: unknown): void => {
    if (started) handlers.onCommand?.(value);
    else handlers.onSettings(value);
    started = true;
  };
  readLines(process.stdin, onLine, handlers.onEnd ?? (() => process.exit(0)));
}

/** Writes one JSON line to stdout, the channel to the parent. */
export function sayLine(value: object): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}
