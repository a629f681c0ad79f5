import { z } from 'zod';
import { Condition, Count, LabelSelector, listed, Meta, Named, opt, Pairs, PortRef } from './wire.ts';
import { WirePodSpec } from './wire-pod.ts';

/** Everything but pods, as the API server shows it. */

const Template = z.object({
  metadata: opt(z.object({ labels: Pairs, annotations: Pairs })),
  spec: WirePodSpec,
});

export const WireWorkload = z.object({
  metadata: Meta,
  spec: z.object({ replicas: opt(Count), selector: LabelSelector, template: Template }),
  status: z
    .object({
      observedGeneration: opt(Count),
      replicas: opt(Count),
      readyReplicas: opt(Count),
      updatedReplicas: opt(Count),
      availableReplicas: opt(Count),
      // As a daemon set has them.
      desiredNumberScheduled: opt(Count),
      numberReady: opt(Count),
      updatedNumberScheduled: opt(Count),
      numberAvailable: opt(Count),
      conditions: listed(Condition),
    })
    .prefault({}),
});
export type WireWorkload = z.infer<typeof WireWorkload>;

export const WireReplicaSet = z.object({
  metadata: Meta,
  spec: z.object({ replicas: opt(Count), template: Template }),
  status: z.object({ replicas: opt(Count), readyReplicas: opt(Count) }).prefault({}),
});
export type WireReplicaSet = z.infer<typeof WireReplicaSet>;

export const WireService = z.object({
  metadata: Meta,
  spec: z.object({
    clusterIP: opt(z.string()),
    type: opt(z.string()),
    selector: Pairs,
    ports: listed(
      z.object({
        name: opt(z.string()),
        port: z.int(),
        targetPort: opt(PortRef),
        protocol: opt(z.string()),
        appProtocol: opt(z.string()),
      }),
    ),
  }),
});
export type WireService = z.infer<typeof WireService>;

export const WireEndpoints = z.object({
  metadata: Meta,
  subsets: listed(
    z.object({
      addresses: listed(z.object({ ip: z.string() })),
      ports: listed(z.object({ port: z.int() })),
    }),
  ),
});
export type WireEndpoints = z.infer<typeof WireEndpoints>;

export const WireNode = z.object({
  metadata: Meta,
  spec: z
    .object({
      unschedulable: opt(z.boolean()),
      taints: listed(z.object({ key: z.string(), value: opt(z.string()), effect: z.string() })),
    })
    .prefault({}),
  status: z.object({ allocatable: Pairs, conditions: listed(Condition) }).prefault({}),
});
export type WireNode = z.infer<typeof WireNode>;

export const WireQuota = z.object({
  metadata: Meta,
  spec: z.object({ hard: Pairs }).prefault({}),
  status: z.object({ hard: Pairs, used: Pairs }).prefault({}),
});
export type WireQuota = z.infer<typeof WireQuota>;

const Sizes = opt(z.object({ storage: opt(z.string()) }));
export const WirePvc = z.object({
  metadata: Meta,
  spec: z.object({
    volumeName: opt(z.string()),
    accessModes: listed(z.string()),
    storageClassName: opt(z.string()),
    selector: opt(LabelSelector),
    resources: opt(z.object({ requests: Sizes })),
  }),
  status: z.object({ phase: opt(z.string()), capacity: Sizes }).prefault({}),
});
export type WirePvc = z.infer<typeof WirePvc>;

export const WirePv = z.object({
  metadata: Meta,
  spec: z.object({
    capacity: Sizes,
    accessModes: listed(z.string()),
    storageClassName: opt(z.string()),
    claimRef: opt(z.object({ namespace: opt(z.string()), name: opt(z.string()) })),
  }),
  status: z.object({ phase: opt(z.string()) }).prefault({}),
});
export type WirePv = z.infer<typeof WirePv>;

export const WireStorageClass = Named.extend({ provisioner: opt(z.string()) });
export type WireStorageClass = z.infer<typeof WireStorageClass>;
