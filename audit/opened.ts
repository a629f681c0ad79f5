import type { EntryDraft } from './log.ts';
import type { Damage } from './set-aside.ts';
import type { NoteSigner } from './signed-note.ts';

/** First entry of every log: which log this is, the key that signs it, and the damaged log it takes the place of. */
export function openedDraft(signer: NoteSigner, replaces?: Damage): EntryDraft {
  const body = { origin: signer.name, publicKey: signer.verifierKey };
  return systemDraft('log.opened', replaces === undefined ? body : { ...body, replaces });
}

/** An opening that had to cut what a crash left; `size` is the number of entries that stayed. */
export function recoveredDraft(cut: { bytes: number; payloadBytes: number; size: number }): EntryDraft {
  return systemDraft('log.recovered', cut);
}

function systemDraft(kind: string, body: EntryDraft['body']): EntryDraft {
  return { streams: [], traceId: 'log', actor: { kind: 'system', id: 'log' }, kind, body };
}
