import { z } from 'zod';

/**
 * What can be odd about the surroundings of one service: things its own processes neither own nor change.
 * An empty object is a normal day.
 */
export const Condition = z.strictObject({
  /** The store serves `count` requests at a time, `ms` each; the rest wait. */
  slots: z.strictObject({ count: z.number().int().min(1), ms: z.number().int().min(1) }).optional(),
  /** Records of these ids come back without their amount. */
  brokenIds: z.array(z.number().int().min(0)).optional(),
  /** The store no longer accepts the service's key. */
  keyRefused: z.boolean().optional(),
  /** The setting `fast_rounding` of the service. */
  fastRounding: z.boolean().optional(),
  /** How long one write of the service's journal takes. */
  journalMs: z.number().int().min(0).optional(),
});
export type Condition = z.infer<typeof Condition>;
