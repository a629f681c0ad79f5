import type { SystemSeries, SystemView } from '#diagnosis/series/system.ts';
import type { RcaCase } from './case.ts';

/** A window without a fault ends at `until` and is paged there; otherwise the page is the case's own, `lateS` later. */
export type Cut = { readonly lateS?: number; readonly until?: number };

/** What the diagnosis sees of a case. The names of services and metrics are split as the format says, nothing else. */
export function viewOf(one: RcaCase, { lateS = 0, until = Number.POSITIVE_INFINITY }: Cut = {}): SystemView {
  const end = one.t.filter((at) => at <= until).length;
  const at = Math.min(one.alert.at + lateS, until);
  const { node, metric, statistic } = one.alert;
  const isNamed = Object.keys(one.series).some((name) => name === `${node}|${metric}|${statistic}`);
  return {
    t: Float64Array.from(one.t.slice(0, end), ms),
    series: Object.entries(one.series).map(([name, values]) => seriesOf(name, values.slice(0, end))),
    at: ms(at),
    page: node === undefined ? null : { service: node, metric: isNamed ? `${metric}|${statistic}` : null },
    calls: one.graph?.edges ?? [],
    spans: spansOf(one, until),
    logs: logsOf(one, until),
    changes: [],
  };
}

const ms = (seconds: number): number => seconds * 1000;

function seriesOf(name: string, values: readonly (number | null)[]): SystemSeries {
  const [service, metric] = splitName(name);
  return { service, metric, values: Float64Array.from(values, (value) => value ?? Number.NaN) };
}

/** `service|metric` with further bars in the metric, or `service_metric`, where a metric may end in a percentile: `lat_90`. */
function splitName(name: string): [service: string, metric: string] {
  const bar = name.indexOf('|');
  if (bar >= 0) return [name.slice(0, bar), name.slice(bar + 1)];
  const found = /^(.+?)_((?:[a-z]+_)?\d+|[^_]+)$/.exec(name);
  return [found?.[1] ?? name, found?.[2] ?? ''];
}

function spansOf({ edges }: RcaCase, until: number): SystemView['spans'] {
  return {
    buckets: (edges?.minutesPresent ?? []).filter((at) => at <= until).map(ms),
    rows: (edges?.rows ?? [])
      .filter(([at]) => at <= until)
      .map(([at, caller, callee, operation, count, p50, p95]) => ({
        at: ms(at),
        caller,
        callee,
        operation,
        count,
        p50,
        p95,
      })),
  };
}

function logsOf({ logs }: RcaCase, until: number): SystemView['logs'] {
  const templates = logs?.templates ?? [];
  return {
    buckets: (logs?.minutesPresent ?? []).filter((at) => at <= until).map(ms),
    rows: (logs?.counts ?? []).flatMap(([at, index, count]) => {
      const template = templates[index];
      if (template === undefined || at > until) return [];
      const isError = /^(ERROR|FATAL|CRITICAL|SEVERE)$/i.test(template.l);
      return [{ at: ms(at), service: template.s, template: template.tmpl, isError, count }];
    }),
  };
}
