import { z } from 'zod';
import { ServiceId } from '#core/ids.ts';
import { PostgresCause } from '#incidents/postgres-causes.ts';
import { ServiceCause, Severity, SignalName } from '#incidents/vocabulary.ts';
import { PostgresWorld } from './postgres-world.ts';

/**
 * How one signal went. `now` null: nothing is measured any more. `climb` goes evenly from the normal level to `now`, `blip` is
 * back at the normal level, the others jump. `sinceS`: it began so many seconds before the onset of the case.
 */
const Course = z.strictObject({
  normal: z.number(),
  now: z.number().nullable(),
  how: z.enum(['step', 'climb', 'blip']).default('step'),
  sinceS: z.int().min(0).optional(),
});

/** What the product can look at, of a service. */
const Part = z.enum(['metrics', 'logs', 'workload', 'probe']);

const Line = z.strictObject({
  level: z.enum(['info', 'warn', 'error']).default('error'),
  /** `#` becomes a number that differs from line to line. */
  text: z.string().min(1).max(400),
  perMinute: z.number().min(0.1).max(60),
  /** Written since then; `always` = as long as the log reaches. */
  since: z.union([z.literal('always'), z.int().min(0)]).optional(),
});

const Deploy = z.strictObject({ version: z.string().min(1).max(60), beforeS: z.int() });

const ServiceWorld = z.strictObject({
  dependsOn: z.array(ServiceId).default([]),
  /** Signals that are out of the ordinary; the others go on as ever. */
  signals: z.partialRecord(SignalName, Course).default({}),
  /** Signals that nobody measures. */
  unwatched: z.array(SignalName).default([]),
  /** Newest first; `beforeS` counts from the onset, and is negative for one after it. */
  deploys: z.array(Deploy).default([{ version: 'v7', beforeS: 864_000 }]),
  instances: z
    .strictObject({
      wanted: z.int().min(1),
      running: z.int().min(0),
      starting: z.int().min(0).default(0),
      most: z.int().min(1).default(6),
    })
    .default({ wanted: 2, running: 2, starting: 0, most: 6 }),
  /** Status of its health check. */
  probe: z.int().default(200),
  lines: z.array(Line).default([]),
  blind: z.array(Part).default([]),
  /** It is a PostgreSQL server: nothing but that is looked at. */
  postgres: PostgresWorld.optional(),
});
export type ServiceWorld = z.infer<typeof ServiceWorld>;

/** What a model's provider does: answers; fails from the first call on; fails after so many answers. */
const Provider = z.union([z.literal('answers'), z.strictObject({ failsAfter: z.int().min(0) })]);

/** A whole case of services and what is measured of them, as it lies in a file. */
export const ServiceCase = z.strictObject({
  id: z.string().regex(/^[a-z0-9-]{1,60}$/),
  /** What it is there for, for people. */
  about: z.string().min(1).max(300),
  page: z.strictObject({
    name: z.string().min(1).max(120),
    service: ServiceId,
    severity: Severity.default('critical'),
    summary: z.string().max(500).default(''),
  }),
  /** The trouble began so long before the page. */
  onsetS: z.int().min(0).default(20),
  services: z.record(ServiceId, ServiceWorld),
  provider: Provider.default('answers'),
  expect: z.strictObject({
    /** Null: nothing may be named. */
    cause: z.union([ServiceCause, PostgresCause]).nullable(),
    service: ServiceId.nullable(),
    /** It is to be found well, not only left open. */
    healthy: z.boolean().default(false),
    /** The change that is to be put before people; null = none at all. */
    action: z.enum(['service_restart', 'service_rollback', 'service_scale']).nullable(),
    /** Looks that the first hypothesis must rest on: `deployments_list api`, `metrics_query api error_ratio`. */
    cites: z.array(z.string().max(80)).default([]),
  }),
});
export type ServiceCase = z.infer<typeof ServiceCase>;
