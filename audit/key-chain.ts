import type { Entry, EntryDraft } from './log.ts';
import { type NoteSigner, type NoteVerifier, parseVerifierKey } from './signed-note.ts';

/*
 * The keys of one log, one after the other. The first is in `log.opened` and in `log.pub`. An entry `log.key_rotated`
 * names the next one: the checkpoint over it is the last of the old key, every later one is of the new key. All keys of
 * a log carry its origin as their name.
 */

export const KEY_ROTATED = 'log.key_rotated';

/** The entry with which a key hands over to the next; must be the last of its group. */
export function keyRotatedDraft(next: NoteSigner, reason: string): EntryDraft {
  return keyDraft(KEY_ROTATED, { newKey: next.verifierKey, reason });
}

/** The first entry under a new key: shows that somebody holds it. */
export function keyUsedDraft(signer: NoteSigner): EntryDraft {
  return keyDraft('log.key_used', { publicKey: signer.verifierKey });
}

/** The key behind a group that `key` signs; undefined when the group names one that cannot be followed. */
export function keyAfter(key: NoteVerifier, group: readonly Entry[]): NoteVerifier | undefined {
  const at = group.findIndex((entry) => entry.kind === KEY_ROTATED);
  if (at < 0) return key;
  const { newKey } = group[at]?.body ?? {};
  const next = typeof newKey === 'string' ? parseVerifierKey(newKey) : undefined;
  if (at !== group.length - 1 || next === undefined) return undefined;
  return next.key === newKey && next.key !== key.key && next.name === key.name ? next : undefined;
}

function keyDraft(kind: string, body: EntryDraft['body']): EntryDraft {
  return { streams: [], traceId: 'log', actor: { kind: 'system', id: 'log' }, kind, body };
}
