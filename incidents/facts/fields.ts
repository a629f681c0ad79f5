import { z } from 'zod';
import type { JsonObject } from '#core/canonical.ts';

/** Closed-list reasons are lower-case words; a reader of an older log may meet one it does not know. */
export const Reason = z.string().regex(/^[a-z][a-z0-9_]{0,59}$/);
export const Name = z.string().max(120);
export const Millis = z.int().min(0);
export const Json = z.custom<JsonObject>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
);
