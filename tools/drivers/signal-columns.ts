import { FirebreakError, messageOf, unreachable } from '#core/errors.ts';
import type { Selector, SignalSource } from '#incidents/inventory.ts';
import type { Exposed } from './exposition.ts';

/** Matchers of one selector, compiled; a value is anchored as in PromQL. */
type Column = { readonly key: string; readonly matchers: readonly (readonly [string, RegExp])[] };

/**
 * The few numbers of a scrape that the configured signals need: sums over the series of a selector, and the buckets of
 * histograms. Everything else is dropped at once, so that memory does not grow with what a target exposes.
 */
export type SignalColumns = {
  readonly wanted: ReadonlySet<string>;
  read(series: readonly Exposed[]): Map<string, number>;
};

export const sumKey = ({ metric, where = {} }: Selector): string =>
  `sum ${metric} ${JSON.stringify(Object.entries(where).sort())}`;
export const bucketPrefix = (histogram: string): string => `bucket ${histogram}_bucket `;

/** Compiles the sources. Throws `config_invalid` for a matcher that is not a regular expression. */
export function createSignalColumns(sources: readonly SignalSource[]): SignalColumns {
  const sums = new Map<string, Column[]>();
  const histograms = new Set<string>();
  for (const source of sources) {
    if (source.kind === 'quantile') histograms.add(`${source.histogram}_bucket`);
    for (const selector of selectorsOf(source)) addColumn(sums, selector);
  }
  return {
    wanted: new Set([...sums.keys(), ...histograms]),
    read: (series) => {
      const values = new Map<string, number>();
      for (const exposed of series) {
        for (const column of sums.get(exposed.name) ?? []) readSum(values, column, exposed);
        if (histograms.has(exposed.name)) readBucket(values, exposed);
      }
      return values;
    },
  };
}

function selectorsOf(source: SignalSource): Selector[] {
  switch (source.kind) {
    case 'ratio':
      return [source.of, source.to];
    case 'rate':
      return [source.of];
    case 'gauge_ratio':
      return [{ metric: source.of }, { metric: source.per }];
    case 'quantile':
    case 'up':
      return [];
    default:
      return unreachable(source);
  }
}

function addColumn(sums: Map<string, Column[]>, selector: Selector): void {
  const columns = sums.get(selector.metric) ?? [];
  const key = sumKey(selector);
  if (columns.some((column) => column.key === key)) return;
  const matchers = Object.entries(selector.where ?? {}).map(
    ([label, pattern]) => [label, anchored(pattern)] as const,
  );
  sums.set(selector.metric, [...columns, { key, matchers }]);
}

function anchored(pattern: string): RegExp {
  try {
    return new RegExp(`^(?:${pattern})$`, 's');
  } catch (error) {
    throw new FirebreakError('config_invalid', `label matcher: ${messageOf(error)}`);
  }
}

/** A metric that is there without a matching series counts as zero: no error yet is not "unknown". */
function readSum(values: Map<string, number>, { key, matchers }: Column, { labels, value }: Exposed): void {
  const matches = matchers.every(([label, pattern]) => pattern.test(labels.get(label) ?? ''));
  values.set(key, (values.get(key) ?? 0) + (matches && Number.isFinite(value) ? value : 0));
}

function readBucket(values: Map<string, number>, { name, labels, value }: Exposed): void {
  const le = labels.get('le');
  if (le === undefined || !Number.isFinite(value)) return;
  const key = `bucket ${name} ${le}`;
  values.set(key, (values.get(key) ?? 0) + value);
}
