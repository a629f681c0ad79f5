import { unreachable } from '#core/errors.ts';
import type { SignalSource } from '#incidents/inventory.ts';
import { numberOf } from './exposition.ts';
import { bucketPrefix, sumKey } from './signal-columns.ts';
import { type Bucket, histogramQuantile, ratePerSecond, ratioOf, sumOf } from './signal-math.ts';

/** One scrape of one target: the columns it had, or null where it did not answer. */
type Frame = { readonly t: number; readonly values: Float64Array | null };
type Kept = { readonly service: string; readonly frames: Frame[] };

export type StoreSettings = { readonly keepMs: number; readonly rateMs: number; readonly staleMs: number };

/** More columns than this (histograms with absurd bounds) are not kept. */
const MAX_COLUMNS = 2000;

/**
 * What was scraped lately, per target; answers signals at an instant. Targets that went away stay until their last scrape
 * is too old, so that the time before a restart can still be read.
 */
export type ScrapeStore = {
  add(scrape: {
    target: string;
    service: string;
    t: number;
    values: ReadonlyMap<string, number> | null;
  }): void;
  /** Time of the first scrape kept of a service; undefined when it never had a target. */
  since(service: string): number | undefined;
  at(service: string, source: SignalSource, t: number): number | null;
  /** Drops what is too old; to be called once a round. */
  forget(now: number): void;
};

export function createScrapeStore(settings: StoreSettings): ScrapeStore {
  const columns = new Map<string, number>();
  const targets = new Map<string, Kept>();
  const framesOf = (service: string): readonly (readonly Frame[])[] =>
    [...targets.values()].filter((kept) => kept.service === service).map(({ frames }) => frames);
  return {
    add: ({ target, service, t, values }) => {
      const kept = targets.get(target) ?? { service, frames: [] };
      targets.set(target, kept);
      kept.frames.push({ t, values: values && pack(values, columns) });
    },
    since: (service) => {
      const firsts = framesOf(service).flatMap((frames) => frames.slice(0, 1).map(({ t }) => t));
      return firsts.length === 0 ? undefined : Math.min(...firsts);
    },
    at: (service, source, t) => valueAt({ settings, columns, frames: framesOf(service) }, source, t),
    forget: (now) => {
      for (const [key, { frames }] of targets) {
        const keep = frames.findIndex(({ t }) => t > now - settings.keepMs);
        if (keep === -1) targets.delete(key);
        else if (keep > 0) frames.splice(0, keep);
      }
    },
  };
}

function pack(values: ReadonlyMap<string, number>, columns: Map<string, number>): Float64Array {
  for (const key of values.keys()) {
    if (!columns.has(key) && columns.size < MAX_COLUMNS) columns.set(key, columns.size);
  }
  const packed = new Float64Array(columns.size).fill(Number.NaN);
  for (const [key, value] of values) {
    const column = columns.get(key);
    if (column !== undefined) packed[column] = value;
  }
  return packed;
}

type View = {
  readonly settings: StoreSettings;
  readonly columns: ReadonlyMap<string, number>;
  readonly frames: readonly (readonly Frame[])[];
};

function valueAt(view: View, source: SignalSource, t: number): number | null {
  switch (source.kind) {
    case 'rate':
      return rateOf(view, sumKey(source.of), t);
    case 'ratio': {
      const to = rateOf(view, sumKey(source.to), t);
      return ratioOf(rateOf(view, sumKey(source.of), t) ?? 0, to);
    }
    case 'quantile': {
      const value = histogramQuantile(source.q, bucketsOf(view, source.histogram, t));
      return value === null || source.unit === 'milliseconds' ? value : value * 1000;
    }
    case 'gauge_ratio':
      return gaugeRatio(view, source, t);
    case 'up': {
      const latest = view.frames
        .map((frames) => latestAt(view, frames, t))
        .filter((frame) => frame !== undefined);
      return latest.length === 0 ? null : latest.filter(({ values }) => values !== null).length;
    }
    default:
      return unreachable(source);
  }
}

function rateOf(view: View, key: string, t: number): number | null {
  const column = view.columns.get(key);
  if (column === undefined) return null;
  return sumOf(view.frames.map((frames) => rateOfTarget(view, frames, { column, t })));
}

function rateOfTarget(
  view: View,
  frames: readonly Frame[],
  at: { column: number; t: number },
): number | null {
  const window: { t: number[]; v: number[] } = { t: [], v: [] };
  for (let i = indexAt(frames, at.t); i >= 0; i -= 1) {
    const frame = frames[i];
    if (frame === undefined || frame.t < at.t - view.settings.rateMs) break;
    window.t.push(frame.t);
    window.v.push(frame.values?.[at.column] ?? Number.NaN);
  }
  return ratePerSecond({ t: window.t.reverse(), v: window.v.reverse() });
}

function bucketsOf(view: View, histogram: string, t: number): Bucket[] {
  const prefix = bucketPrefix(histogram);
  const buckets: Bucket[] = [];
  for (const key of view.columns.keys()) {
    if (!key.startsWith(prefix)) continue;
    const le = numberOf(key.slice(prefix.length));
    const count = rateOf(view, key, t);
    if (le !== undefined && count !== null) buckets.push({ le, count });
  }
  return buckets;
}

function gaugeRatio(view: View, source: SignalSource & { kind: 'gauge_ratio' }, t: number): number | null {
  const of = view.columns.get(sumKey({ metric: source.of })) ?? -1;
  const per = view.columns.get(sumKey({ metric: source.per })) ?? -1;
  const pairs: [number, number][] = [];
  for (const frames of view.frames) {
    const values = latestAt(view, frames, t)?.values;
    const [a, b] = [values?.[of], values?.[per]];
    if (a !== undefined && b !== undefined && Number.isFinite(a) && Number.isFinite(b)) pairs.push([a, b]);
  }
  if (source.over === 'sum') return ratioOf(sumOf(pairs.map(([a]) => a)), sumOf(pairs.map(([, b]) => b)));
  const ratios = pairs.map(([a, b]) => ratioOf(a, b)).filter((ratio) => ratio !== null);
  return ratios.length === 0 ? null : Math.max(...ratios);
}

/** The last scrape at `t`, unless it is so old that the target counts as gone. */
function latestAt(view: View, frames: readonly Frame[], t: number): Frame | undefined {
  const frame = frames[indexAt(frames, t)];
  return frame !== undefined && frame.t > t - view.settings.staleMs ? frame : undefined;
}

/** Index of the last frame at or before `t`, -1 when there is none. */
function indexAt(frames: readonly Frame[], t: number): number {
  let low = 0;
  let high = frames.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const frame = frames[middle];
    if (frame !== undefined && frame.t <= t) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
