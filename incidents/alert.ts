import { z } from 'zod';
import { sha256 } from '#core/hash.ts';
import { Digest } from '#core/ids.ts';
import { Severity } from './vocabulary.ts';

/** A page as the paging system names it, for speaking about it: capital letters and digits, nothing else. */
export const PageRef = z.string().regex(/^[A-Z0-9]{1,40}$/, 'not the id of a page');

/** One signal from a monitoring source, firing or cleared. All strings are untrusted: shown inert, never followed. */
export const Alert = z.strictObject({
  source: z.string().regex(/^[a-z][a-z0-9_-]{0,39}$/),
  status: z.enum(['firing', 'cleared']),
  /** Digest of the identifying labels: same fingerprint = same alert. */
  fingerprint: Digest,
  name: z.string().min(1).max(120),
  severity: Severity,
  /** Service as the sender names it; null when it names none. */
  service: z.string().max(120).nullable(),
  environment: z.string().max(60).nullable(),
  startsAt: z.int().min(0),
  /** Of a cleared alert, where the sender says when it ended. */
  endsAt: z.int().min(0).exactOptional(),
  /** Digest of what the sender groups it by. A hint: it never joins two services or environments. */
  group: Digest.exactOptional(),
  /** What the sender calls the page that it made of this; left out where it makes none that can be spoken about. */
  page: PageRef.exactOptional(),
  /** Who has acknowledged that page, as the sender names them; left out = nobody. */
  seenBy: PageRef.exactOptional(),
  summary: z.string().max(500),
});
export type Alert = z.infer<typeof Alert>;

/** The alert's identity: its source and labels, in any order. Annotations change while an alert fires and do not count. */
export function fingerprintOf(source: string, labels: ReadonlyMap<string, string>): Digest {
  const sorted = [...labels].sort(([a], [b]) => (a < b ? -1 : 1));
  return sha256(JSON.stringify(['firebreak/alert/v1', source, sorted]));
}
