import { z } from 'zod';
import { ServiceId } from '#core/ids.ts';
import { DeployRef } from './refs.ts';
import { Cause, SignalName } from './vocabulary.ts';

/** What each read tool gives as its `value`; rules compute with these, so the shapes are fixed here, once. */

const Num = z.number().nullable();

/** `metrics_query`: one signal, judged against its own past. Times in ms. */
export const SignalSeen = z.strictObject({
  service: ServiceId,
  signal: SignalName,
  now: Num,
  /** Band before the incident; null when there was too little history. */
  normal: z.strictObject({ median: z.number(), low: z.number(), high: z.number() }).nullable(),
  state: z.enum(['high', 'low', 'normal', 'unseen']),
  /** First instant outside the band, where it is outside. */
  since: z.int().nullable(),
  /** Value per minute of the last samples, to tell climbing from level: (last - first) / minutes, over the abnormal part. */
  slope: Num,
  points: z.strictObject({ from: z.int(), stepMs: z.int(), v: z.array(Num).max(240) }),
});
export type SignalSeen = z.infer<typeof SignalSeen>;

/** `logs_search`: lines grouped by template; text is foreign. */
export const LogsSeen = z.strictObject({
  service: ServiceId,
  level: z.enum(['error', 'warn', 'any']),
  from: z.int(),
  total: z.int(),
  truncated: z.boolean(),
  templates: z
    .array(
      z.strictObject({
        template: z.string().max(200),
        count: z.int(),
        firstAt: z.int().nullable(),
        fresh: z.boolean(),
      }),
    )
    .max(20),
});
export type LogsSeen = z.infer<typeof LogsSeen>;

/** `deployments_list`: newest first; `ref` is null for the one that runs now. */
export const DeploymentsSeen = z.strictObject({
  service: ServiceId,
  deployments: z
    .array(
      z.strictObject({
        ref: DeployRef.nullable(),
        version: z.string().max(100),
        at: z.int(),
        by: z.string().max(60),
      }),
    )
    .max(10),
});
export type DeploymentsSeen = z.infer<typeof DeploymentsSeen>;

/** `workload_status`: what runs now. */
export const WorkloadSeen = z.strictObject({
  service: ServiceId,
  /** Pin the target: another uid or generation means that somebody changed it. */
  uid: z.string().max(300),
  generation: z.int(),
  version: z.string().max(100),
  replicas: z.int(),
  maxReplicas: z.int(),
  running: z.int(),
  starting: z.int(),
  exited: z.int(),
  oldestStart: z.int().nullable(),
  newestStart: z.int().nullable(),
});
export type WorkloadSeen = z.infer<typeof WorkloadSeen>;

/** `http_probe`: the service's own health check. */
export const ProbeSeen = z.strictObject({
  service: ServiceId,
  ok: z.boolean(),
  status: z.int(),
  ms: z.int(),
});
export type ProbeSeen = z.infer<typeof ProbeSeen>;

/** `runbook_search`: prose is foreign text for people and diagnosis; actions are typed. */
export const RunbooksSeen = z.strictObject({
  service: ServiceId,
  runbooks: z
    .array(
      z.strictObject({
        name: z.string().max(100),
        prose: z.string().max(4000),
        actions: z.array(z.strictObject({ cause: Cause, tool: z.string().max(40) })).max(10),
      }),
    )
    .max(5),
});
export type RunbooksSeen = z.infer<typeof RunbooksSeen>;
