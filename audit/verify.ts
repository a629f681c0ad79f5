import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Digest } from '#core/ids.ts';
import { newChain } from './chain.ts';
import type { Entry } from './log.ts';
import { createPayloadCheck, type PayloadCheck } from './payload-check.ts';
import { type BadLog, type SealedGroup, scanLog } from './scan.ts';
import { fileSize, payloadSegmentName, segmentName } from './segment-files.ts';
import { type NoteVerifier, parseVerifierKey } from './signed-note.ts';

export type VerifyOptions = {
  /** A data directory, or its log folder alone: segments, payload segments, log.pub. */
  dir: string;
  /** Verifier key to trust instead of the folder's log.pub. */
  publicKey?: string;
  /** Stop at this size, which must be that of a checkpoint; for a log that is still being written. */
  upTo?: number;
  /** Called for each entry in order, once its checkpoint's root fits. */
  onEntry?: (entry: Entry) => void;
  /** Aborts with the signal's reason. */
  signal?: AbortSignal;
};

export type Verified =
  | {
      kind: 'ok';
      entries: number;
      root: Digest | undefined;
      checkpoints: number;
      payloads: number;
      /** Bytes behind the last checkpoint that a crash, or a commit under way, can have left. */
      unsealed: number;
      /** Payload bytes behind the last one that an entry names. */
      unsealedPayloads: number;
    }
  | BadLog;

/**
 * Checks every byte of a log: canonical entries without gaps, time that never goes back, size, root and signature of
 * each checkpoint, the digest of each payload. Needs the public key only; streams. Throws if a file cannot be read.
 */
export async function verifyLog(options: VerifyOptions): Promise<Verified> {
  const logDir = logDirOf(options.dir);
  if (fileSize(logDir, segmentName(0)) === 0) return badKey(segmentName(0), 'there is no log here');
  const verifier = verifierOf(logDir, options.publicKey);
  if (!verifier) return badKey('log.pub', 'no usable public key');
  const payloads = createPayloadCheck(logDir);
  try {
    return await verifyWith({ options, logDir, verifier, payloads });
  } finally {
    await payloads.close();
  }
}

type Work = { options: VerifyOptions; logDir: string; verifier: NoteVerifier; payloads: PayloadCheck };

async function verifyWith(work: Work): Promise<Verified> {
  const { logDir, verifier, payloads } = work;
  const chain = newChain(verifier.name);
  const seen: { payloads: number; root?: Digest } = { payloads: 0 };
  const onGroup = async (group: SealedGroup): Promise<BadLog | undefined> => {
    work.options.signal?.throwIfAborted();
    seen.root = group.checkpoint.root;
    const before = group.end.line - group.entries.length;
    for (const [index, entry] of group.entries.entries()) {
      const bad = await badPayload(payloads, entry, before + index);
      if (bad) return bad;
      seen.payloads += entry.payloads.length;
      work.options.onEntry?.(entry);
    }
    return undefined;
  };
  const from = { segment: 0, at: 0, line: 0 };
  const { upTo } = work.options;
  const limit = upTo === undefined ? {} : { upTo };
  const scanned = await scanLog({ logDir, verifier, chain, from, signatures: 'all', onGroup, ...limit });
  if (scanned.kind === 'bad') return scanned;
  return {
    kind: 'ok',
    entries: chain.frontier.size,
    root: seen.root,
    checkpoints: scanned.checkpoints,
    payloads: seen.payloads,
    unsealed: scanned.unsealed,
    unsealedPayloads: upTo === undefined ? payloads.trailing(chain.payloadEnd) : 0,
  };
}

async function badPayload(payloads: PayloadCheck, entry: Entry, line: number): Promise<BadLog | undefined> {
  for (const ref of entry.payloads) {
    const reason = await payloads.check(ref);
    const segment = payloadSegmentName(ref.segment);
    if (reason !== undefined) return { kind: 'bad', segment, line, entry: entry.seq, reason };
  }
  return undefined;
}

/** The folder with the segments, given either it or the data directory around it. */
export function logDirOf(dir: string): string {
  const inner = join(dir, 'log');
  return statSync(inner, { throwIfNoEntry: false })?.isDirectory() ? inner : dir;
}

function verifierOf(logDir: string, publicKey: string | undefined): NoteVerifier | undefined {
  if (publicKey !== undefined) return parseVerifierKey(publicKey);
  if (fileSize(logDir, 'log.pub') === 0) return undefined;
  return parseVerifierKey(readFileSync(join(logDir, 'log.pub'), 'utf8'));
}

function badKey(segment: string, reason: string): BadLog {
  return { kind: 'bad', segment, line: 0, entry: 0, reason };
}
