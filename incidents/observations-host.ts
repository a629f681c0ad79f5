import { z } from 'zod';

const Amount = z.number().min(0);

/** `host_status`: the machine that a service runs on. Sizes in bytes; names are foreign text. `null` = not shown. */
export const HostSeen = z.strictObject({
  /** Runnable tasks over 1, 5 and 15 minutes. */
  load: z.tuple([Amount, Amount, Amount]),
  processors: z.int().min(1),
  /** Share of all processors in use over a short moment, 0..1, and of it the wait for disks. */
  cpu: z.strictObject({ busy: Amount, waiting: Amount }).nullable(),
  memory: z.strictObject({ total: Amount, available: Amount, swapUsed: Amount.nullable() }),
  disks: z.array(z.strictObject({ path: z.string().max(200), total: Amount, free: Amount })).max(20),
  /** Largest by memory, by name only. */
  processes: z
    .array(z.strictObject({ name: z.string().max(60), count: z.int().min(1), resident: Amount }))
    .max(10),
});
export type HostSeen = z.infer<typeof HostSeen>;
