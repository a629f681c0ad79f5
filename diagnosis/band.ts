import type { SignalName } from '#incidents/vocabulary.ts';
import { median, noise, quantile, type Sample, thin, trend } from './robust.ts';
import { signalScale } from './signal-scale.ts';

export type Band = { median: number; low: number; high: number };
export type SignalState = 'high' | 'low' | 'normal' | 'unseen';
export type Judgement = {
  now: number | null;
  normal: Band | null;
  state: SignalState;
  since: number | null;
  slope: number | null;
};
export type JudgeInput = {
  signal: SignalName;
  t: readonly number[];
  v: readonly (number | null)[];
  at: number;
  now: number;
};

const LAST = 3;
/** No signal has such values; they are not measurements. */
const ABSURD = 1e12;
const LEAST_HISTORY = 6;
/** So many samples in a row outside the band end the normal part; fewer are a spike. */
const SUSTAINED = 3;
/** So many samples in a row inside the band end an excursion when looking back; fewer are flapping. */
const RETURNED = 3;

/**
 * Judges a signal against its own past: level now, normal band, state, first instant outside, value per minute.
 * `at` (when the page says it began) only helps to find the past and may be late or early. Pure; never throws.
 *
 * The normal part is the first calm window before `at`, grown forward until the signal leaves it for good.
 * `now` is the median of the last samples, so a signal that spiked once and came back is normal.
 */
export function judge(input: JudgeInput): Judgement {
  const samples = samplesOf(input);
  const level = levelNow(samples, input.now);
  if (level === null) return { now: null, normal: null, state: 'unseen', since: null, slope: null };
  const normal = normalBand(samples, input);
  const state = normal === null ? stateByLevel(input.signal, level) : stateIn(normal, level);
  const since = normal === null ? null : leftAt(samples, normal, state);
  const part = since === null ? samples : samples.filter(({ t }) => t >= since);
  return { now: level, normal, state, since, slope: trend(part) };
}

function samplesOf({ t, v, now }: JudgeInput): Sample[] {
  const samples: Sample[] = [];
  for (const [i, at] of t.entries()) {
    const value = v[i];
    if (typeof value === 'number' && Math.abs(value) < ABSURD && at <= now) samples.push({ t: at, v: value });
  }
  return samples.sort((a, b) => a.t - b.t);
}

/** Null when the newest sample is stale: a service that died leaves its last good values behind. */
function levelNow(samples: readonly Sample[], now: number): number | null {
  const last = samples.at(-1);
  if (last === undefined) return null;
  const steps = samples.slice(1).map(({ t }, i) => t - (samples[i]?.t ?? t));
  const step = median(steps) ?? 0;
  if (now - last.t > Math.max(5 * step, 5_000)) return null;
  return median(samples.slice(-LAST).map(({ v }) => v));
}

function normalBand(samples: readonly Sample[], { signal, at }: JudgeInput): Band | null {
  if (samples.length < LEAST_HISTORY) return null;
  const before = samples.filter(({ t }) => t < at);
  const past = before.length < LEAST_HISTORY ? samples : before;
  const size = Math.min(30, Math.max(4, Math.ceil(past.length / 6)));
  const start = calmStart(signal, past, size);
  const seed = bandOf(signal, past.slice(start, start + size));
  if (seed === null) return null;
  const rest = samples.slice(start);
  const band = bandOf(signal, rest.slice(0, Math.max(size, leavesAt(rest, seed))));
  return band === null || isNever(signal, band.median) ? null : band;
}

/**
 * Where the first calm window begins. Start-up noise may lie at the beginning and the fault itself at the end, so calm is
 * the lowest level for signals that harm by rising, and the steadiest for the others.
 */
function calmStart(signal: SignalName, past: readonly Sample[], size: number): number {
  const scale = signalScale[signal];
  const starts: { start: number; unrest: number }[] = [];
  for (let start = 0; start + size <= past.length; start += Math.ceil(size / 2)) {
    const values = past.slice(start, start + size).map(({ v }) => v);
    const unrest = scale.harm === 'high' ? (quantile(values, 0.9) ?? 0) : spread(values);
    starts.push({ start, unrest });
  }
  const least = Math.min(...starts.map(({ unrest }) => unrest));
  const alike = least + Math.max(scale.least, scale.share * Math.abs(least));
  return starts.find(({ unrest }) => unrest <= alike)?.start ?? 0;
}

function spread(values: readonly number[]): number {
  return (quantile(values, 0.9) ?? 0) - (quantile(values, 0.1) ?? 0);
}

/** Index of the first of `SUSTAINED` samples in a row on one side of the band; the length if it never leaves. */
function leavesAt(samples: readonly Sample[], band: Band): number {
  let run = 0;
  let side: SignalState = 'normal';
  for (const [i, { v }] of samples.entries()) {
    const next = stateIn(band, v);
    run = next === 'normal' ? 0 : next === side ? run + 1 : 1;
    side = next;
    if (run === SUSTAINED) return i - SUSTAINED + 1;
  }
  return samples.length;
}

function bandOf(signal: SignalName, part: readonly Sample[]): Band | null {
  const scale = signalScale[signal];
  const few = thin(part, 120);
  const values = few.map(({ v }) => v);
  const middle = median(values);
  if (middle === null) return null;
  const half = Math.max(4 * noise(few), scale.least, scale.share * Math.abs(middle));
  // Single spikes belong to the normal part, but do not stretch its band at will.
  const spikes = values.length < 10 ? middle : (quantile(values, 0.95) ?? middle);
  const high = Math.max(middle + half, Math.min(spikes, middle + 2 * half));
  const low = middle - half;
  const capped =
    scale.ceiling === null ? high : Math.min(high, Math.max(scale.ceiling, middle + scale.least));
  return { median: middle, low: scale.harm === 'high' ? 0 : Math.max(0, low), high: capped };
}

function stateIn(band: Band, value: number): Exclude<SignalState, 'unseen'> {
  return value > band.high ? 'high' : value < band.low ? 'low' : 'normal';
}

function isNever(signal: SignalName, level: number): boolean {
  return stateByLevel(signal, level) !== 'unseen';
}

/** Without a healthy past only levels that are wrong for every service can be called. */
function stateByLevel(signal: SignalName, level: number): SignalState {
  const { above, below } = signalScale[signal].never;
  if (above !== undefined && level >= above) return 'high';
  return below !== undefined && level < below ? 'low' : 'unseen';
}

/** First instant of the excursion that still lasts. */
function leftAt(samples: readonly Sample[], band: Band, state: SignalState): number | null {
  if (state !== 'high' && state !== 'low') return null;
  let since: number | null = null;
  let inside = 0;
  for (const { t, v } of [...samples].reverse()) {
    if (stateIn(band, v) === state) {
      since = t;
      inside = 0;
    } else {
      inside += 1;
      if (inside >= RETURNED) break;
    }
  }
  return since;
}
