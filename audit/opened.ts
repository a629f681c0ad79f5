import type { EntryDraft } from './log.ts';
import type { NoteSigner } from './signed-note.ts';

/** First entry of every log: which log this is, and the key that signs it. */
export function openedDraft(signer: NoteSigner): EntryDraft {
  return systemDraft('log.opened', { origin: signer.name, publicKey: signer.verifierKey });
}

/** An opening that had to cut what a crash left; `size` is the number of entries that stayed. */
export function recoveredDraft(cut: { bytes: number; payloadBytes: number; size: number }): EntryDraft {
  return systemDraft('log.recovered', cut);
}

function systemDraft(kind: string, body: EntryDraft['body']): EntryDraft {
  return { streams: [], traceId: 'log', actor: { kind: 'system', id: 'log' }, kind, body };
}
