import type { SignalName } from '#incidents/vocabulary.ts';
import type { ServiceWorld } from './service-case.ts';

/** What a service that is as it should be shows. */
const USUAL: Readonly<Record<SignalName, number>> = {
  error_ratio: 0.002,
  latency_p95: 40,
  request_rate: 80,
  saturation: 0.3,
  memory_use: 0.4,
  instances_up: 2,
};
/** How far measurements scatter around their level, as a part of it; whole numbers do not. */
const SCATTER: Readonly<Record<SignalName, number>> = {
  error_ratio: 0.15,
  latency_p95: 0.06,
  request_rate: 0.04,
  saturation: 0.05,
  memory_use: 0.01,
  instances_up: 0,
};
/** A blip lasts so long. */
const BLIP_MS = 10_000;

type Wanted = {
  readonly course: ServiceWorld['signals'][SignalName];
  readonly signal: SignalName;
  readonly at: number;
  readonly onset: number;
  /** Seed of the scatter. */
  readonly key: string;
};

/** What is measured of a signal at an instant (ms); null where nothing is. The same input gives the same value. */
export function valueAt({ course, signal, at, onset, key }: Wanted): number | null {
  const level = levelAt({ course, signal, at, onset });
  if (level === null) return null;
  const value = level * (1 + SCATTER[signal] * scatterAt(`${key} ${signal}`, at));
  const isShare = signal === 'error_ratio' || signal === 'saturation' || signal === 'memory_use';
  return isShare ? Math.min(1, Math.max(0, value)) : Math.max(0, value);
}

function levelAt({ course, signal, at, onset }: Omit<Wanted, 'key'>): number | null {
  if (course === undefined) return USUAL[signal];
  const began = course.sinceS === undefined ? onset : onset - course.sinceS * 1000;
  if (at < began) return course.normal;
  if (course.now === null) return null;
  switch (course.how) {
    case 'step':
      return course.now;
    case 'blip':
      return at < began + BLIP_MS ? course.now : course.normal;
    case 'climb': {
      const part = Math.min(1, (at - began) / Math.max(1, onset - began));
      return course.normal + part * (course.now - course.normal);
    }
  }
}

/** -1 to 1, by the key and the second. */
function scatterAt(key: string, at: number): number {
  let hash = Math.floor(at / 1000) >>> 0;
  for (const char of key) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b) >>> 0;
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35) >>> 0;
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 31 - 1;
}
