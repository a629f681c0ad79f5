import type { ServiceId } from '#core/ids.ts';
import type { Secret } from '#core/secret.ts';
import type { ConfigFile } from './config-schema.ts';

/** Where metrics come from. */
export type Telemetry =
  | {
      readonly kind: 'scrape';
      readonly id: string;
      /** Address that lists the targets; null where `targets` lists them. */
      readonly discover: string | null;
      /** Where targets may be besides the host of `discover`: names, addresses, or blocks of addresses. */
      readonly hosts: readonly string[];
      readonly targets: readonly { readonly service: ServiceId; readonly url: string }[];
      readonly token: Secret | null;
      readonly everyMs: number;
      readonly keepMs: number;
    }
  | {
      readonly kind: 'prometheus';
      readonly id: string;
      readonly url: string;
      readonly token: Secret | null;
      readonly label: string;
      /** What an expression that a model wrote may read; null = none is taken. */
      readonly promql: { readonly metrics: readonly string[]; readonly maxRangeMs: number } | null;
    };

type File = ConfigFile['telemetry'];

/** Makes the typed sources of metrics of a file that was checked. */
export function buildTelemetry(
  file: File,
  maybe: (ref: string | undefined) => Secret | null,
): ReadonlyMap<string, Telemetry> {
  const telemetry = Object.entries(file).map(([id, one]): [string, Telemetry] => {
    const token = maybe(one.token);
    if (one.kind === 'prometheus') {
      const { kind, url, label, promql } = one;
      const allowed = promql === undefined ? null : { metrics: promql.metrics, maxRangeMs: promql.range };
      return [id, { kind, id, url, label, token, promql: allowed }];
    }
    const { kind, discover = null, hosts = [], targets = [], every: everyMs, keep: keepMs } = one;
    return [id, { kind, id, discover, hosts, targets, token, everyMs, keepMs }];
  });
  return new Map(telemetry);
}

/** Whether a source of metrics takes expressions that a model wrote. */
export function takesPromql(source: File[string] | undefined): boolean {
  return source?.kind === 'prometheus' && source.promql !== undefined;
}
