import { z } from 'zod';
import { ClusterName } from '#incidents/observations-cluster.ts';

/** What the API server answers, as far as it is used; what is absent is null, extra fields are ignored. */

export const opt = <T extends z.ZodType>(shape: T) => shape.nullish().transform((value) => value ?? null);
export const listed = <T extends z.ZodType>(shape: T) =>
  z
    .array(shape)
    .nullish()
    .transform((value) => value ?? []);
export const Pairs = z
  .record(z.string(), z.string())
  .nullish()
  .transform((value) => value ?? {});
/** An instant in ms. */
export const Time = z.string().transform((text, context) => {
  const at = Date.parse(text);
  if (Number.isFinite(at)) return at;
  context.addIssue({ code: 'custom', message: 'not a time' });
  return z.NEVER;
});
export const Count = z.int().min(0);
/** A port, or the name of one. */
export const PortRef = z.union([z.int(), z.string()]);

const Owner = z.object({ kind: z.string(), name: z.string(), uid: z.string(), controller: opt(z.boolean()) });
export const Meta = z.object({
  name: ClusterName,
  uid: z.string().max(100),
  resourceVersion: z.string().max(100),
  generation: opt(Count),
  creationTimestamp: opt(Time),
  deletionTimestamp: opt(Time),
  labels: Pairs,
  annotations: Pairs,
  ownerReferences: listed(Owner),
});
export type Meta = z.infer<typeof Meta>;

/** How the API server says no. */
export const Status = z.object({
  kind: z.literal('Status'),
  reason: opt(z.string()),
  message: opt(z.string()),
});

export const page = <T extends z.ZodType>(item: T) =>
  z.object({
    metadata: z.object({ resourceVersion: opt(z.string()), continue: opt(z.string()) }),
    items: listed(item),
  });

export const Condition = z.object({
  type: z.string(),
  status: z.string(),
  reason: opt(z.string()),
  message: opt(z.string()),
  lastUpdateTime: opt(Time),
});
export const LabelSelector = z.object({ matchLabels: Pairs });
/** Something of which only the name may be seen. */
export const Named = z.object({ metadata: z.object({ name: ClusterName }) });

export const Event = z.object({
  type: opt(z.string()),
  reason: opt(z.string()),
  message: opt(z.string()),
  note: opt(z.string()),
  count: opt(Count),
  series: opt(z.object({ count: opt(Count), lastObservedTime: opt(Time) })),
  involvedObject: z.object({ kind: opt(z.string()), name: opt(z.string()) }),
  firstTimestamp: opt(Time),
  lastTimestamp: opt(Time),
  eventTime: opt(Time),
  metadata: z.object({ creationTimestamp: opt(Time) }),
});
export type Event = z.infer<typeof Event>;
