import { z } from 'zod';
import { Condition } from './conditions.ts';
import { MAX_REPLICAS, ServiceName } from './plan.ts';
import { Version } from './versions.ts';

/** What the supervisor says about one process. */
export const InstanceView = z.object({
  id: z.string(),
  pid: z.number().int(),
  port: z.number().int(),
  state: z.enum(['running', 'starting', 'exited']),
  version: Version,
  startedAt: z.string(),
  exitCode: z.number().int().optional(),
});
export type InstanceView = z.infer<typeof InstanceView>;

/** What the supervisor says about one service. `generation` grows with every change of the spec, by anyone. */
export const ServiceView = z.object({
  name: ServiceName,
  uid: z.string(),
  generation: z.number().int(),
  version: Version,
  replicas: z.number().int(),
  maxReplicas: z.number().int(),
  address: z.string(),
  instances: z.array(InstanceView),
});
export type ServiceView = z.infer<typeof ServiceView>;

/** One line of a service's deployment history, newest first in answers. */
export const Deployment = z.object({ id: z.string(), version: Version, at: z.string(), by: z.string() });
export type Deployment = z.infer<typeof Deployment>;

/** Prometheus HTTP service discovery. */
export const TargetGroups = z.array(
  z.object({
    targets: z.array(z.string()),
    labels: z.object({ service: ServiceName, instance: z.string() }),
  }),
);
export type TargetGroups = z.infer<typeof TargetGroups>;

const common = {
  idempotencyKey: z.string().min(1).max(200),
  expectGeneration: z.number().int().optional(),
  dryRun: z.boolean().optional(),
  by: z.string().min(1).max(60).optional(),
};
/** Body of POST /v1/services/:name/restart | deploy | scale, by the last part of the path. */
export const ChangeBody = {
  restart: z.strictObject(common),
  deploy: z.strictObject({ ...common, version: z.string().max(60) }),
  scale: z.strictObject({ ...common, replicas: z.number().int().min(1).max(MAX_REPLICAS) }),
};
export type Change =
  | ({ kind: 'restart' } & z.infer<typeof ChangeBody.restart>)
  | ({ kind: 'deploy' } & z.infer<typeof ChangeBody.deploy>)
  | ({ kind: 'scale' } & z.infer<typeof ChangeBody.scale>);

/** The part of a service that a change changes. */
export const Spec = z.object({ version: Version, replicas: z.number().int() });
export type Spec = z.infer<typeof Spec>;

/** Answer to a change that was done; `took` in ms. */
export const Done = z.object({
  operation: z.string(),
  generation: z.number().int(),
  before: Spec,
  after: Spec,
  took: z.number(),
});
export type Done = z.infer<typeof Done>;

/** Body of POST /chaos/:name. */
export const Chaos = z.discriminatedUnion('do', [
  z.strictObject({ do: z.literal('kill') }),
  z.strictObject({ do: z.literal('retain') }),
  z.strictObject({ do: z.literal('jam') }),
  z.strictObject({ do: z.literal('condition'), condition: Condition }),
]);
export type Chaos = z.infer<typeof Chaos>;
