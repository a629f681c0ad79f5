import type { Clock, Random } from '#core/clock.ts';
import { FirebreakError } from '#core/errors.ts';
import { sha256 } from '#core/hash.ts';
import type { IncidentId } from '#core/ids.ts';
import { createCommitter, type Group } from './committer.ts';
import type { Fold } from './fold.ts';
import type { Entry, Log, PayloadRef } from './log.ts';
import { newOrigin } from './log-key.ts';
import { emptyFrontier } from './merkle.ts';
import { openedDraft } from './opened.ts';
import { openPayload, payloadTampered } from './payload-cipher.ts';
import { memoryPayloadKeys } from './payload-keys.ts';
import { newSignerKey, parseSignerKey } from './signed-note.ts';
import { createStreamVersions } from './stream-versions.ts';

export type MemoryLogOptions = {
  clock: Clock;
  random: Random;
  folds?: readonly Fold[];
  onClockBack?: (ms: number) => void;
};

export type MemoryLog = Log & { eraseKey(incidentId: IncidentId): void };

/** A log that is gone with the process, for tests and evals: same order, conflicts, encryption and checkpoints as on disk. */
export async function openMemoryLog(options: MemoryLogOptions): Promise<MemoryLog> {
  const { clock, random, folds = [], onClockBack } = options;
  const signer = parseSignerKey(newSignerKey(newOrigin(random), random.bytes(32)));
  if (!signer) throw new FirebreakError('bug', 'a new signing key cannot be read');
  const keys = memoryPayloadKeys(random);
  const entries: Entry[] = [];
  const frames = new Map<number, Buffer>();

  const committed = (group: Group): void => {
    entries.push(...group.entries);
    for (const frame of group.frames) frames.set(frame.at, frame.bytes);
    for (const fold of folds) for (const entry of group.entries) fold.apply(entry);
  };
  const committer = createCommitter({
    clock,
    stager: { keys, random, payloadSegmentBytes: Number.MAX_SAFE_INTEGER },
    signer,
    frontier: emptyFrontier(),
    versions: createStreamVersions(),
    edge: { seq: 0, ts: 0, payloadEnd: { segment: 0, at: 0 } },
    persist: () => undefined,
    committed,
    ...(onClockBack ? { onClockBack } : {}),
  });
  async function* read(from: number): AsyncGenerator<Entry> {
    yield* entries.slice(from, committer.size());
  }
  const payload = async (incidentId: IncidentId | undefined, ref: PayloadRef) => {
    const frame = frames.get(ref.at);
    if (!frame || sha256(frame) !== ref.sha256) throw payloadTampered(ref);
    const key = keys.find(incidentId);
    return key && openPayload({ key, id: ref.id, frame });
  };
  await committer.append([openedDraft(signer)]);
  return { ...committer, read, payload, eraseKey: keys.erase, close: committer.drain };
}
