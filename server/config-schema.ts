import { z } from 'zod';
import { roles } from '#approvals/people.ts';
import { Change } from '#approvals/plan.ts';
import { PersonId, ServiceId } from '#core/ids.ts';
import { Mode, Severity, SignalName } from '#incidents/vocabulary.ts';
import { clusterFile, kubernetesWorkload, placeFile, systemFile } from './config-cluster.ts';
import {
  fallbackFile,
  heartbeatFile,
  maintenanceFile,
  matchFile,
  pagerdutyUser,
  silencesFile,
  teamFile,
  watchdogFile,
} from './config-duty.ts';
import { address, duration, id, secretRef, secretRefs, words } from './config-fields.ts';
import { ModelsFile } from './config-models.ts';
import { pagerduty, pagerdutySource } from './config-pagerduty.ts';
import { retention } from './config-retention.ts';
import { slackAccounts, slackFile } from './config-slack.ts';
import { databaseFile, logStoreFile, promqlFile, telemetryOfService } from './config-telemetry-stores.ts';
import { isLoopback } from './loopback.ts';

/** The file as people write it. Messages complete the sentence that starts with the value: `"5 min" is not ...`. */

const environment = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]{0,59}$/, 'is not an environment such as prod or staging');

/** Where the credential for changes lies: whoever uses it starts with an empty environment. */
export const actSecretRef = z
  .string()
  .regex(
    /^file:.{1,500}$/,
    'must be file:/path: what makes changes starts with an empty environment; write the token to a file, chmod 600, and name it here',
  );

const source = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('alertmanager'),
    token: secretRefs.exactOptional(),
    watchdog: watchdogFile.exactOptional(),
    poll: z
      .strictObject({ url: address, every: duration(100).default(10_000), token: secretRef.exactOptional() })
      .exactOptional(),
  }),
  z.strictObject({
    kind: z.literal('generic'),
    token: secretRefs,
    watchdog: watchdogFile.exactOptional(),
  }),
  pagerdutySource,
]);

const watch = z.strictObject({
  service: ServiceId,
  probe: z.literal(true).exactOptional(),
  signal: SignalName.exactOptional(),
  above: z.number().exactOptional(),
  below: z.number().exactOptional(),
  for: duration(0),
  every: duration(100).default(2000),
  severity: Severity.default('error'),
});

const telemetry = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('scrape'),
    discover: address.exactOptional(),
    targets: z
      .array(z.strictObject({ service: ServiceId, url: address }))
      .min(1)
      .max(200)
      .exactOptional(),
    token: secretRef.exactOptional(),
    every: duration(100).default(5000),
    keep: duration(60_000).default(15 * 60_000),
  }),
  z.strictObject({
    kind: z.literal('prometheus'),
    url: address,
    token: secretRef.exactOptional(),
    label: z
      .string()
      .regex(/^[A-Za-z_][A-Za-z0-9_]{0,99}$/, 'is not a label name')
      .default('service'),
    /** What the diagnosis agent may ask in its own words; left out = nothing. */
    promql: promqlFile.exactOptional(),
  }),
]);

const workload = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('process'),
    url: address,
    token: secretRef,
    act_token: actSecretRef.exactOptional(),
  }),
  kubernetesWorkload(actSecretRef),
]);

const metric = z.string().regex(/^[A-Za-z_:][A-Za-z0-9_:]{0,199}$/, 'is not a metric name');
const selector = z.strictObject({
  metric,
  where: z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,99}$/), z.string().max(200)).exactOptional(),
});
const signalSource = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('ratio'), of: selector, to: selector }),
  z.strictObject({ kind: z.literal('rate'), of: selector }),
  z.strictObject({
    kind: z.literal('quantile'),
    histogram: metric,
    q: z.number().gt(0).lt(1),
    unit: z.enum(['seconds', 'milliseconds']),
  }),
  z.strictObject({ kind: z.literal('gauge_ratio'), of: metric, per: metric, over: z.enum(['sum', 'max']) }),
  z.strictObject({ kind: z.literal('up') }),
]);
const signals = z.strictObject({
  error_ratio: signalSource.exactOptional(),
  latency_p95: signalSource.exactOptional(),
  request_rate: signalSource.exactOptional(),
  saturation: signalSource.exactOptional(),
  memory_use: signalSource.exactOptional(),
  instances_up: signalSource.exactOptional(),
});

const service = z.strictObject({
  id: ServiceId,
  environment: environment.exactOptional(),
  owner: id.exactOptional(),
  mode: Mode.default('observe'),
  match: matchFile.exactOptional(),
  depends_on: z.array(ServiceId).max(100).default([]),
  max_replicas: z.int().min(1).max(1000).default(1),
  telemetry: id.exactOptional(),
  signals: z.union([z.literal('standard'), signals]).exactOptional(),
  logs: z
    .array(z.string().regex(/^\/.{1,500}$/, 'is not an absolute path'))
    .max(20)
    .exactOptional(),
  probe: address.exactOptional(),
  ...telemetryOfService,
  cluster: placeFile.exactOptional(),
  workload: z
    .strictObject({ driver: id, name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._/-]{0,119}$/) })
    .exactOptional(),
});

const person = z.strictObject({
  id: PersonId,
  name: words,
  token: z
    .string()
    .regex(
      /^sha256:[0-9a-f]{64}$/,
      'must be sha256: and the 64 hex digits of the token’s hash (the token itself never stands here)',
    )
    .exactOptional(),
  roles: z.array(z.enum(roles)).min(1).max(8),
  teams: z.array(id).max(50).default([]),
  slack: slackAccounts.exactOptional(),
  pagerduty: pagerdutyUser.exactOptional(),
});

const rule = z.strictObject({
  tools: z.array(z.enum(Change.options.map((change) => change.shape.tool.value))).min(1),
  environments: z.array(z.union([z.literal('*'), environment])).min(1),
  services: z.array(z.union([z.literal('*'), ServiceId])).min(1),
  answer: z.enum(['ask', 'deny']),
});

const timing = z.strictObject({
  approval: duration(1000).default(15 * 60_000),
  verify_samples: z.int().min(1).max(100).default(5),
  verify_every: duration(10).default(1000),
  verify_window: duration(100).default(60_000),
});

const limits = z.strictObject({
  changes_per_incident: z.int().min(0).max(100).default(5),
});

export const ConfigFile = z.strictObject({
  /** Set by the demo: decisions are recorded as made in a demo. */
  demo: z.boolean().default(false),
  listen: z
    .strictObject({
      host: z.string().refine(isLoopback, 'is not a loopback address such as 127.0.0.1').default('127.0.0.1'),
      port: z.int().min(0).max(65_535).default(7411),
    })
    .prefault({}),
  environment: environment.default('prod'),
  default_owner: id,
  teams: z.array(teamFile).min(1).max(100),
  people: z.array(person).max(500).default([]),
  sources: z.record(id, source).default({}),
  watches: z.array(watch).max(200).default([]),
  telemetry: z.record(id, telemetry).default({}),
  clusters: z.record(id, clusterFile).default({}),
  workloads: z.record(id, workload).default({}),
  log_stores: z.record(id, logStoreFile).default({}),
  databases: z.record(id, databaseFile).default({}),
  services: z.array(service).max(200).default([]),
  systems: z.array(systemFile).max(50).default([]),
  runbooks: words.exactOptional(),
  policy: z.strictObject({ rules: z.array(rule).max(200).default([]) }).prefault({}),
  models: ModelsFile.exactOptional(),
  maintenance: maintenanceFile.prefault({}),
  silences: silencesFile.default([]),
  heartbeat: heartbeatFile.exactOptional(),
  fallback: fallbackFile.exactOptional(),
  pagerduty: pagerduty.exactOptional(),
  slack: slackFile.exactOptional(),
  timing: timing.prefault({}),
  retention: retention.prefault({}),
  limits: limits.prefault({}),
  anchors: z
    .strictObject({ file: z.string().min(1).max(300), every: duration(1000).default(3_600_000) })
    .exactOptional(),
});
/** The file after checking: defaults filled in, durations in ms. */
export type ConfigFile = z.infer<typeof ConfigFile>;
