import type { z } from 'zod';

/** One piece of evidence by its name; null where it was not recorded, or in another shape. */
export const recorded = <T>(
  evidence: ReadonlyMap<string, unknown>,
  name: string,
  shape: z.ZodType<T>,
): T | null => shape.safeParse(evidence.get(name)).data ?? null;
