import { z } from 'zod';
import type { Secret } from '#core/secret.ts';
import { address, duration, id, secretRef } from './config-fields.ts';
import { isLoopback } from './loopback.ts';

/** Where logs and databases are looked at, what PromQL may be written, and which service is where. */

const MINUTE = 60_000;
const labelName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,99}$/, 'is not a label name');

/** Which metrics an expression that a model wrote may read, and how far back. */
export const promqlFile = z.strictObject({
  metrics: z
    .array(
      z
        .string()
        .regex(
          /^[A-Za-z_:][A-Za-z0-9_:]{0,199}\*?$/,
          'is not a metric name, or the beginning of some with * at its end',
        ),
    )
    .min(1)
    .max(200),
  range: duration(MINUTE).default(6 * 60 * MINUTE),
});

export const logStoreFile = z.strictObject({
  kind: z.literal('loki'),
  url: address,
  token: secretRef.exactOptional(),
  /** Whose logs, where one server keeps those of several. */
  tenant: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,100}$/, 'is not a tenant')
    .exactOptional(),
  label: labelName.default('service'),
});

export const databaseFile = z.strictObject({
  kind: z.literal('postgres'),
  host: z.string().regex(/^([A-Za-z0-9._-]{1,253}|[0-9A-Fa-f:.]{2,45})$/, 'is not a name of a machine'),
  port: z.int().min(1).max(65_535).default(5432),
  database: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_$-]{0,62}$/, 'is not a name of a database')
    .default('postgres'),
  /** A role that may only look: a member of pg_monitor. */
  user: z.string().regex(/^[A-Za-z_][A-Za-z0-9_$.@-]{0,62}$/, 'is not a role'),
  secret: secretRef.exactOptional(),
  /** Left out: TLS wherever the server is not this machine. */
  tls: z.boolean().exactOptional(),
});

/** What a service says of where its logs are, whether it is a database server, and whether it runs here. */
export const telemetryOfService = {
  loki: id.exactOptional(),
  postgres: z.strictObject({ driver: id }).exactOptional(),
  host: z.literal(true).exactOptional(),
};

export type LogStore = {
  readonly url: string;
  readonly token: Secret | null;
  readonly tenant: string | null;
  readonly label: string;
};
export type Database = {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly secret: Secret | null;
  readonly tls: boolean;
};
export type TelemetryStores = {
  readonly logStores: ReadonlyMap<string, LogStore>;
  readonly databases: ReadonlyMap<string, Database>;
};
type File = {
  readonly log_stores: Readonly<Record<string, z.infer<typeof logStoreFile>>>;
  readonly databases: Readonly<Record<string, z.infer<typeof databaseFile>>>;
};

/** Makes the typed stores of a file that was checked. */
export function buildTelemetryStores(file: File, secretOf: (ref: string) => Secret): TelemetryStores {
  const maybe = (ref: string | undefined): Secret | null => (ref === undefined ? null : secretOf(ref));
  const logStores = Object.entries(file.log_stores).map(([name, { url, token, tenant, label }]) => {
    return [name, { url, token: maybe(token), tenant: tenant ?? null, label }] as const;
  });
  const databases = Object.entries(file.databases).map(([name, { kind: _, secret, tls, ...rest }]) => {
    return [
      name,
      { ...rest, secret: maybe(secret), tls: tls ?? !(isLoopback(rest.host) || rest.host === 'localhost') },
    ] as const;
  });
  return { logStores: new Map(logStores), databases: new Map(databases) };
}
