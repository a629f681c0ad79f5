import { z } from 'zod';
import { Digest } from '#core/ids.ts';
import { Millis, Name, Reason } from './fields.ts';

/** What is repaired without asking: names, never more than this list. */
export const Repair = z.enum(['file-modes', 'stale-lock', 're-anchor']);
export type Repair = z.infer<typeof Repair>;

/** Facts about how Firebreak itself stands: kind -> body. */
export const postureFacts = {
  /** Which checks fail; written when that differs from what was written before. */
  'doctor.checked': z.strictObject({ failing: z.array(Name).max(100), digest: Digest }),
  /** A repair is about to be made; `what` names the files. */
  'repair.begun': z.strictObject({ repair: Repair, what: z.string().max(300) }),
  'repair.ended': z.strictObject({
    repair: Repair,
    outcome: z.enum(['done', 'failed']),
    reason: Reason.nullable(),
  }),
  /** What was seen at a finding was kept beside the log; `manifest` is the hash of the list of its files. */
  'evidence.kept': z.strictObject({ check: Name, folder: Name, manifest: Digest, at: Millis }),
} as const;
