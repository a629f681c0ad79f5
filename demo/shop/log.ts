import { mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { realClock } from '#core/clock.ts';

export type Level = 'info' | 'warn' | 'error';
/** Writes one JSON line; warnings and errors above 20 a second are counted and reported as `suppressed` on a later line. */
export type Log = (level: Level, msg: string, more?: Record<string, string | number>) => void;

const CAP_PER_SECOND = 20;

/** Opens `<dir>/<service>.log` for appending; instances of one service share the file, one write per line. Throws when it cannot. */
export function openLog(dir: string, about: { service: string; instance: string; version: string }): Log {
  mkdirSync(dir, { recursive: true });
  const file = openSync(join(dir, `${about.service}.log`), 'a');
  let second = 0;
  let written = 0;
  let suppressed = 0;
  return (level, msg, more = {}) => {
    const now = realClock.now();
    if (Math.floor(now / 1000) !== second) {
      second = Math.floor(now / 1000);
      written = 0;
    }
    if (level !== 'info' && ++written > CAP_PER_SECOND) {
      suppressed += 1;
      return;
    }
    const line = { ts: new Date(now).toISOString(), level, ...about, msg, ...more };
    writeSync(file, `${JSON.stringify(suppressed > 0 ? { ...line, suppressed } : line)}\n`);
    suppressed = 0;
  };
}
