import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Judgement, judge } from '#diagnosis/band.ts';
import { noise, quantile, trend } from '#diagnosis/robust.ts';
import { SignalName } from '#incidents/vocabulary.ts';

/** Deterministic noise in -1..1. */
function wobble(i: number): number {
  const x = Math.sin(i * 12.9898) * 43758.5453;
  return 2 * (x - Math.floor(x)) - 1;
}

type Shape = { seconds: number; stepMs: number; level: (secondsFromEnd: number, i: number) => number | null };

function seriesOf({ seconds, stepMs, level }: Shape): { t: number[]; v: (number | null)[]; now: number } {
  const now = 1_000_000_000;
  const count = Math.round((seconds * 1000) / stepMs);
  const t = Array.from({ length: count }, (_, i) => now - (count - 1 - i) * stepMs);
  return { t, v: t.map((at, i) => level((now - at) / 1000, i)), now };
}

function judged(signal: SignalName, shape: Shape, lateBySeconds = 0, pageSecondsAgo = 0): Judgement {
  const series = seriesOf(shape);
  return judge({ signal, ...series, at: series.now - pageSecondsAgo * 1000 + lateBySeconds * 1000 });
}

const NOW = 1_000_000_000;

describe('a long history at 15 s', () => {
  const errors: Shape = {
    seconds: 900,
    stepMs: 15_000,
    level: (ago, i) => (ago <= 120 ? 0.31 + 0.02 * wobble(i) : 0.002 + 0.001 * wobble(i)),
  };
  test.each([-60, -30, 0, 30, 60])(
    'a step is high since its first sample when the page is off by %i s',
    (off) => {
      const seen = judged('error_ratio', errors, off, 110);
      expect(seen.state).toBe('high');
      expect(seen.since).toBe(NOW - 120_000);
      expect(seen.now).toBeGreaterThan(0.28);
      expect(seen.normal?.median).toBeCloseTo(0.002, 3);
      expect(seen.normal?.high).toBeLessThan(0.03);
    },
  );

  test('a spike that is over is normal and has no onset', () => {
    const seen = judged(
      'error_ratio',
      { ...errors, level: (ago) => (ago > 100 && ago < 200 ? 0.4 : 0.002) },
      0,
      190,
    );
    expect(seen).toMatchObject({ state: 'normal', since: null, now: 0.002 });
  });

  test('a constant baseline has a band of its own and tiny changes stay inside it', () => {
    const seen = judged('latency_p95', { ...errors, level: (ago) => (ago <= 60 ? 48 : 40) }, 0, 60);
    expect(seen.state).toBe('normal');
    expect(seen.normal).toMatchObject({ median: 40, high: 70 });
  });

  test('a memory leak is high and its slope says how fast it climbs', () => {
    const leak = judged(
      'memory_use',
      { ...errors, level: (ago, i) => (ago <= 480 ? 0.35 + (480 - ago) * 0.001 : 0.35) + 0.004 * wobble(i) },
      0,
      60,
    );
    expect(leak.state).toBe('high');
    expect(leak.slope).toBeCloseTo(0.06, 2);
    expect(leak.since).toBeGreaterThan(NOW - 480_000);
    expect(leak.since).toBeLessThan(NOW - 300_000);
  });

  test('a climb over the whole history is not mistaken for noise', () => {
    const seen = judged('memory_use', { ...errors, level: (ago) => 0.9 - ago * 0.0005 }, 0, 60);
    expect(seen.state).toBe('high');
    expect(seen.slope).toBeCloseTo(0.03, 3);
  });

  test('a slow climb inside the band still has its slope', () => {
    const seen = judged('memory_use', { ...errors, level: (ago) => 0.4 - ago * 0.00003 }, 0, 60);
    expect(seen.state).toBe('normal');
    expect(seen.slope).toBeCloseTo(0.0018, 4);
  });

  test('a lost instance is low', () => {
    const seen = judged('instances_up', { ...errors, level: (ago) => (ago <= 90 ? 1 : 2) }, 0, 60);
    expect(seen).toMatchObject({ state: 'low', now: 1, since: NOW - 90_000 });
  });

  test('a noisy pool gauge is not full, and a full one is', () => {
    const noisy = (ago: number, i: number): number => (ago <= 90 ? 1 : 0.45 + 0.3 * wobble(i));
    expect(judged('saturation', { ...errors, level: noisy }, 0, 60)).toMatchObject({ state: 'high', now: 1 });
    const fine = judged('saturation', { ...errors, level: (_, i) => 0.45 + 0.3 * wobble(i) }, 0, 60);
    expect(fine.state).toBe('normal');
  });

  test('latency below its past is not a fault, a request rate below it is', () => {
    const half: Shape = { ...errors, level: (ago) => (ago <= 90 ? 40 : 100) };
    expect(judged('latency_p95', half, 0, 60).state).toBe('normal');
    expect(judged('request_rate', half, 0, 60).state).toBe('low');
  });

  test('half of all requests failing for the whole history is not a normal past', () => {
    const seen = judged('error_ratio', { ...errors, level: () => 0.5 }, 0, 60);
    expect(seen).toMatchObject({ state: 'high', normal: null, now: 0.5, since: null });
  });
});

describe('a short history at 0.5 s', () => {
  test.each([6, 7, 8, 10])('%i s are enough to see a step 3 s ago', (seconds) => {
    const seen = judged(
      'error_ratio',
      { seconds, stepMs: 500, level: (ago, i) => (ago <= 3 ? 0.3 : 0.002 + 0.002 * wobble(i)) },
      0,
      0.5,
    );
    expect(seen).toMatchObject({ state: 'high', now: 0.3, since: NOW - 3000 });
  });

  test('slow first answers after a start do not become the normal latency', () => {
    const seen = judged(
      'latency_p95',
      { seconds: 10, stepMs: 500, level: (ago) => (ago > 7 ? 400 : ago <= 2.5 ? 450 : 40) },
      0,
      1,
    );
    expect(seen.state).toBe('high');
    expect(seen.normal?.median).toBe(40);
  });

  test('a signal that rises over several samples is seen since it left its band', () => {
    const seen = judged(
      'latency_p95',
      { seconds: 10, stepMs: 500, level: (ago) => (ago <= 3 ? 40 + (3 - ago) * 200 : 40) },
      0,
      1,
    );
    expect(seen.state).toBe('high');
    expect(seen.since).toBe(NOW - 2500);
  });

  test('four samples are too little history to call anything normal', () => {
    const few: Shape = { seconds: 2, stepMs: 500, level: () => 0.01 };
    expect(judged('error_ratio', few)).toMatchObject({ state: 'unseen', normal: null, now: 0.01 });
    expect(judged('error_ratio', { ...few, level: () => 0.6 }).state).toBe('high');
  });
});

test('a series that ended long ago is unseen, not normal', () => {
  const series = seriesOf({ seconds: 60, stepMs: 500, level: () => 2 });
  const later = series.now + 20_000;
  expect(judge({ signal: 'instances_up', t: series.t, v: series.v, at: later, now: later })).toEqual({
    now: null,
    normal: null,
    state: 'unseen',
    since: null,
    slope: null,
  });
});

test('samples after now are not looked at', () => {
  const series = seriesOf({ seconds: 60, stepMs: 500, level: (ago) => (ago < 10 ? 0.5 : 0) });
  const now = series.now - 12_000;
  expect(judge({ ...series, signal: 'error_ratio', at: now, now }).state).toBe('normal');
});

test('stationary noise is called normal in at least 99 of 100 series', () => {
  let out = 0;
  for (let run = 0; run < 300; run += 1) {
    const level = (_: number, i: number): number => 40 + 8 * wobble(i * 7 + run * 1001);
    if (judged('latency_p95', { seconds: 300, stepMs: 5000, level }, 0, 20).state !== 'normal') out += 1;
  }
  expect(out).toBeLessThanOrEqual(3);
});

test('never throws, and a state other than unseen has a level now', () => {
  const value = fc.option(fc.oneof(fc.double(), fc.double({ min: 0, max: 1 })));
  fc.assert(
    fc.property(
      fc.constantFrom(...SignalName.options),
      fc.array(fc.tuple(fc.integer({ min: 0, max: 100_000 }), value), { maxLength: 60 }),
      fc.integer({ min: 0, max: 100_000 }),
      (signal, points, at) => {
        const seen = judge({
          signal,
          t: points.map(([t]) => t),
          v: points.map(([, v]) => v),
          at,
          now: 100_000,
        });
        if (seen.state !== 'unseen') expect(seen.now).not.toBeNull();
        if (seen.normal !== null) {
          expect(seen.normal.low).toBeLessThanOrEqual(seen.normal.high);
          expect(seen.since === null).toBe(seen.state === 'normal');
        }
      },
    ),
  );
});

test('robust measures ignore a single wild value and have no answer for nothing', () => {
  const line = Array.from({ length: 20 }, (_, i) => ({ t: i * 60_000, v: i === 7 ? 900 : i }));
  expect(trend(line)).toBeCloseTo(1, 5);
  expect(noise(line)).toBeLessThan(0.5);
  expect(quantile([], 0.5)).toBeNull();
  expect(quantile([1, 2, 3, 4], 0.5)).toBe(2.5);
});

describe('earlier trouble in the history', () => {
  const repeated: Shape = {
    seconds: 300,
    stepMs: 500,
    // Every 40 s, 12 s of 30 % errors; the last one goes on.
    level: (ago, i) => (ago % 40 < 12 ? 0.3 : i % 9 === 0 ? 0.006 : 0),
  };
  test('does not widen the band', () => {
    const seen = judged('error_ratio', repeated, 0, 4);
    expect(seen.state).toBe('high');
    expect(seen.normal?.high).toBeLessThan(0.02);
    expect(seen.since).toBe(NOW - 11_500);
  });

  test('at the very beginning does not become the normal level', () => {
    const seen = judged('error_ratio', { ...repeated, seconds: 52 }, 0, 4);
    expect(seen).toMatchObject({ state: 'high', since: NOW - 11_500 });
  });

  test('and a smaller fault than before is still one', () => {
    const smaller = {
      ...repeated,
      level: (ago: number, i: number) => (ago < 5 ? 0.1 : ago < 12 ? 0 : (repeated.level(ago, i) ?? 0)),
    };
    expect(judged('error_ratio', smaller, 0, 2).state).toBe('high');
  });
});

test('a short healthy time before a long fault is found, also when the page is late', () => {
  const seen = judged('latency_p95', {
    seconds: 48,
    stepMs: 500,
    level: (ago, i) => (ago <= 40 ? 600 : 40) + 3 * wobble(i),
  });
  expect(seen.state).toBe('high');
  expect(seen.since).toBe(NOW - 40_000);
});
