import type { Random } from '#core/clock.ts';
import { FirebreakError } from '#core/errors.ts';
import type { Committer } from './committer.ts';
import { keyUsedDraft } from './key-chain.ts';
import { adoptNextKey, prepareNextKey } from './log-key.ts';
import type { NoteSigner } from './signed-note.ts';

/**
 * Changes the key of an open log. Order: the next key is stored, the present key seals the entry that names it, the next
 * one takes the place of the present one (which is gone with that), the first entry under it is appended. A crash in
 * between is settled by the next opening. Not to be called again before it settles. Throws `log_append_failed`.
 */
export async function changeKey(options: {
  committer: Committer;
  keysDir: string;
  random: Random;
  reason: string;
  /** Where the key that signs at present is kept. */
  standing: { signer: NoteSigner };
}): Promise<void> {
  const { committer, keysDir, random, reason, standing } = options;
  // A log that failed may name the next key already, unknown to anybody: that key must stay until the next opening.
  const health = committer.health();
  if (health.kind === 'failed') throw new FirebreakError('log_append_failed', health.reason);
  const next = prepareNextKey(keysDir, committer.checkpoint().origin, random);
  const adopt = (): void => {
    adoptNextKey(keysDir);
    standing.signer = next;
  };
  await committer.changeKey({ next, reason, adopt });
  await committer.append([keyUsedDraft(next)]);
}
