import { z } from 'zod';
import type { ServiceName } from './plan.ts';

/** The versions that exist. A deploy of anything else is refused. */
export const Version = z.enum(['v41', 'v42']);
export type Version = z.infer<typeof Version>;

/** The version the shop starts with. */
export const FIRST_VERSION: Version = 'v41';

/** What a service reads from its store for one request; `extra` is optional in the data, as v42's author forgot. */
export const StoreRecord = z.object({
  id: z.number().int(),
  amount: z.number(),
  extra: z.object({ amount: z.number() }).optional(),
});
export type StoreRecord = z.infer<typeof StoreRecord>;

/** What the optional part of a record is called in each service's own words. */
const EXTRA: { readonly [S in ServiceName]: string } = {
  gateway: 'preferences',
  checkout: 'discount',
  inventory: 'reservation',
};

/** The business of a request: one number from a record. Throws TypeError where the version has a bug. */
export function compute(version: Version, service: ServiceName, record: StoreRecord): number {
  if (version === 'v41') return record.amount - (record.extra?.amount ?? 0);
  if (record.extra === undefined) {
    throw new TypeError(`Cannot read properties of undefined (reading 'amount') in ${EXTRA[service]}`);
  }
  return record.amount - record.extra.amount;
}
