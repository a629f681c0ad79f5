import { checkpointText, isCheckpointLine, noteInLine, parseCheckpoint } from './checkpoint.ts';
import { parseEntryLine } from './entry-line.ts';
import { keyAfter } from './key-chain.ts';
import type { Checkpoint, Entry, PayloadRef } from './log.ts';
import { addLeaf, emptyFrontier, type Frontier, leafHash, rootOf } from './merkle.ts';
import type { NoteVerifier } from './signed-note.ts';

/** End of the payload bytes that entries have named so far. */
export type PayloadEnd = { segment: number; at: number };

/**
 * A log while it is read line by line. `frontier`, `lastTs` and `payloadEnd` are as of the last checkpoint; `group`
 * holds the entries that wait for the next one, which `verifier` must have signed.
 */
export type Chain = {
  verifier: NoteVerifier;
  frontier: Frontier;
  lastTs: number;
  payloadEnd: PayloadEnd;
  group: { entry: Entry; leaf: Buffer }[];
};

export type Step =
  | { kind: 'entry' }
  /** `text` must have been signed by `verifier`. */
  | {
      kind: 'checkpoint';
      checkpoint: Checkpoint;
      text: string;
      verifier: NoteVerifier;
      entries: readonly Entry[];
    }
  | { kind: 'bad'; reason: string; entry: number };

/** A log from its beginning; `verifier` is its first key. */
export function newChain(verifier: NoteVerifier): Chain {
  return { verifier, frontier: emptyFrontier(), lastTs: 0, payloadEnd: { segment: 0, at: 0 }, group: [] };
}

/**
 * Takes the next complete line (without newline). Everything but the checkpoint's signature is checked here. After `bad` the chain is of no use.
 */
export function stepChain(chain: Chain, bytes: Buffer): Step {
  return isCheckpointLine(bytes) ? takeCheckpoint(chain, bytes.toString('utf8')) : takeEntry(chain, bytes);
}

/** For a last line without newline: bad, naming the first entry that a checkpoint cut off would have proved. */
export function cutLine(chain: Chain, bytes: Buffer): Step {
  const entry = isCheckpointLine(bytes) ? chain.frontier.size : nextSeq(chain);
  return { kind: 'bad', reason: 'line is cut', entry };
}

/** The sequence number the next entry must have. */
function nextSeq(chain: Chain): number {
  return chain.frontier.size + chain.group.length;
}

/** Where a payload must begin: right behind the one before, or at the start of the next segment. */
export function endAfter(end: PayloadEnd, refs: readonly PayloadRef[]): PayloadEnd | undefined {
  let { segment, at } = end;
  for (const ref of refs) {
    if (at > 0 && ref.segment === segment + 1) [segment, at] = [ref.segment, 0];
    if (ref.segment !== segment || ref.at !== at) return undefined;
    at += ref.bytes;
  }
  return { segment, at };
}

function takeEntry(chain: Chain, bytes: Buffer): Step {
  const parsed = parseEntryLine(bytes);
  const seq = nextSeq(chain);
  if (parsed.kind === 'bad') return { kind: 'bad', reason: parsed.reason, entry: seq };
  const reason = misfit(chain, parsed.entry, seq);
  if (reason !== undefined) return { kind: 'bad', reason, entry: seq };
  chain.group.push({ entry: parsed.entry, leaf: leafHash(bytes) });
  return { kind: 'entry' };
}

function misfit(chain: Chain, entry: Entry, seq: number): string | undefined {
  if (entry.seq !== seq) return `entry ${seq} was expected, found ${entry.seq}`;
  if (entry.ts < (chain.group.at(-1)?.entry.ts ?? chain.lastTs)) return 'time goes back';
  if (seq === 0 && !opensLog(entry, chain.verifier)) return 'the first entry does not open this log';
  return undefined;
}

function opensLog({ kind, body }: Entry, { name, key }: NoteVerifier): boolean {
  return kind === 'log.opened' && body.origin === name && body.publicKey === key;
}

function takeCheckpoint(chain: Chain, line: string): Step {
  const first = chain.frontier.size;
  const bad = (reason: string): Step => ({ kind: 'bad', reason, entry: first });
  const note = noteInLine(line);
  if (note === undefined) return bad('line is not a checkpoint');
  if (chain.group.length === 0) return bad('checkpoint without entries');
  const entries = chain.group.map((item) => item.entry);
  const end = endAfter(
    chain.payloadEnd,
    entries.flatMap((entry) => entry.payloads),
  );
  if (!end) return bad('payloads do not follow each other');
  const { verifier } = chain;
  const next = keyAfter(verifier, entries);
  if (next === undefined) return bad('the key is changed in a way that cannot be followed');
  for (const { leaf } of chain.group) addLeaf(chain.frontier, leaf);
  const text = checkpointText(verifier.name, chain.frontier.size, rootOf(chain.frontier));
  const checkpoint = parseCheckpoint(note);
  if (!checkpoint || !note.startsWith(`${text}\n`)) {
    return bad(`entries ${first} to ${chain.frontier.size - 1} do not match their checkpoint`);
  }
  chain.lastTs = entries.at(-1)?.ts ?? chain.lastTs;
  chain.payloadEnd = end;
  chain.group = [];
  chain.verifier = next;
  return { kind: 'checkpoint', checkpoint, text, verifier, entries };
}
