import { z } from 'zod';
import { ServiceId } from '#core/ids.ts';

/** Leaves pages of a service alone for a while, or ends that. */
export const MaintenanceRequest = z.union([
  z.strictObject({
    add: z.strictObject({ service: ServiceId, until: z.int().min(0), reason: z.string().max(1000) }),
  }),
  z.strictObject({ end: z.string().max(20) }),
]);
export type MaintenanceRequest = z.infer<typeof MaintenanceRequest>;
