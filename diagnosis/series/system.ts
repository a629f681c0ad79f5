/** One measured series. `values` has one number per instant of the system's `t`; NaN where nothing was measured. */
export type SystemSeries = {
  readonly service: string;
  readonly metric: string;
  readonly values: Float64Array;
  /** The smallest difference that counts as one step, where it is known what the metric means. */
  readonly least?: number;
};

/**
 * What the calls of one bucket of time took, in any unit that is the same in all rows. `caller` = `callee`: a span inside
 * one service, its outgoing calls among them as the caller sees them. Otherwise: the call as the callee served it.
 */
export type SpanTimes = {
  readonly at: number;
  readonly caller: string;
  readonly callee: string;
  readonly operation: string;
  readonly count: number;
  readonly p50: number;
  readonly p95: number;
};

/** How often one kind of log line was written in one bucket of time. */
export type LogCount = {
  readonly at: number;
  readonly service: string;
  readonly template: string;
  readonly isError: boolean;
  readonly count: number;
};

/** Times at which spans or log lines were collected at all: a bucket that is missing is not one without traffic. */
type Buckets = readonly number[];

/**
 * All that was measured of a system around a page, the services told apart by name only. Times in ms, ascending. `at`:
 * when the page says it began, which may be late or early. Empty lists stand for what cannot be seen.
 */
export type SystemView = {
  readonly t: Float64Array;
  readonly series: readonly SystemSeries[];
  readonly at: number;
  /** What the page is about: a service, and one of its metrics where it names one. */
  readonly page: { readonly service: string; readonly metric: string | null } | null;
  readonly calls: readonly (readonly [caller: string, callee: string])[];
  readonly spans: { readonly buckets: Buckets; readonly rows: readonly SpanTimes[] };
  readonly logs: { readonly buckets: Buckets; readonly rows: readonly LogCount[] };
  readonly changes: readonly { readonly service: string; readonly at: number }[];
};
