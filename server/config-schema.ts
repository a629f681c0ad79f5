import { z } from 'zod';
import { Change } from '#approvals/plan.ts';
import { ServiceId } from '#core/ids.ts';
import { Mode, Severity, SignalName } from '#incidents/vocabulary.ts';
import { actionsFile } from './config-actions.ts';
import { clusterFile, kubernetesWorkload, placeFile, systemFile } from './config-cluster.ts';
import { doctorFile, guardFile } from './config-doctor.ts';
import {
  fallbackFile,
  heartbeatFile,
  maintenanceFile,
  matchFile,
  silencesFile,
  teamFile,
  watchdogFile,
} from './config-duty.ts';
import {
  actSecretRef,
  address,
  duration,
  hostOrBlock,
  id,
  secretRef,
  secretRefs,
  words,
} from './config-fields.ts';
import { codeOfService, githubFile } from './config-github.ts';
import { listenFile } from './config-listen.ts';
import { mcpFile } from './config-mcp.ts';
import { ModelsFile } from './config-models.ts';
import { pagerduty, pagerdutySource } from './config-pagerduty.ts';
import { personFile } from './config-people.ts';
import { retention } from './config-retention.ts';
import { silencerFile } from './config-silencers.ts';
import { slackFile } from './config-slack.ts';
import { databaseFile, logStoreFile, promqlFile, telemetryOfService } from './config-telemetry-stores.ts';

/** The file as people write it. Messages complete the sentence that starts with the value: `"5 min" is not ...`. */

const environment = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]{0,59}$/, 'is not an environment such as prod or staging');

const source = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('alertmanager'),
    token: secretRefs.exactOptional(),
    watchdog: watchdogFile.exactOptional(),
    poll: z
      .strictObject({ url: address, every: duration(100).default(10_000), token: secretRef.exactOptional() })
      .exactOptional(),
    silence: silencerFile.exactOptional(),
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
    /** Where it may send us besides its own host. */
    hosts: z.array(hostOrBlock).min(1).max(100).exactOptional(),
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
  ...codeOfService,
  cluster: placeFile.exactOptional(),
  workload: z
    .strictObject({ driver: id, name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._/-]{0,119}$/) })
    .exactOptional(),
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
  listen: listenFile.prefault({}),
  environment: environment.default('prod'),
  default_owner: id,
  teams: z.array(teamFile).min(1).max(100),
  people: z.array(personFile).max(500).default([]),
  sources: z.record(id, source).default({}),
  watches: z.array(watch).max(200).default([]),
  telemetry: z.record(id, telemetry).default({}),
  clusters: z.record(id, clusterFile).default({}),
  workloads: z.record(id, workload).default({}),
  log_stores: z.record(id, logStoreFile).default({}),
  databases: z.record(id, databaseFile).default({}),
  mcp: mcpFile.default({}),
  services: z.array(service).max(200).default([]),
  systems: z.array(systemFile).max(50).default([]),
  actions: actionsFile.default([]),
  runbooks: words.exactOptional(),
  policy: z.strictObject({ rules: z.array(rule).max(200).default([]) }).prefault({}),
  models: ModelsFile.exactOptional(),
  maintenance: maintenanceFile.prefault({}),
  silences: silencesFile.default([]),
  heartbeat: heartbeatFile.exactOptional(),
  fallback: fallbackFile.exactOptional(),
  pagerduty: pagerduty.exactOptional(),
  github: githubFile.exactOptional(),
  slack: slackFile.exactOptional(),
  timing: timing.prefault({}),
  retention: retention.prefault({}),
  doctor: doctorFile.prefault({}),
  guard: guardFile.prefault({}),
  limits: limits.prefault({}),
  anchors: z
    .strictObject({ file: z.string().min(1).max(300), every: duration(1000).default(3_600_000) })
    .exactOptional(),
});
/** The file after checking: defaults filled in, durations in ms. */
export type ConfigFile = z.infer<typeof ConfigFile>;
