import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Digest } from '#core/ids.ts';
import { newChain, type PayloadEnd } from './chain.ts';
import { keptCheckpoints } from './kept-checkpoints.ts';
import type { Entry } from './log.ts';
import { createPayloadCheck, type PayloadCheck } from './payload-check.ts';
import { type BadLog, type SealedGroup, scanLog } from './scan.ts';
import { fileSize, type Position, payloadSegmentName, segmentName } from './segment-files.ts';
import { type NoteVerifier, parseVerifierKey } from './signed-note.ts';

export type VerifyOptions = {
  /** A data directory, or its log folder alone: segments, payload segments, log.pub. */
  dir: string;
  /**
   * Verifier key to trust instead of the folder's log.pub: the log's first key, or one that took over later, which then
   * must have signed here. Holders of older keys cannot deceive who trusts a later one.
   */
  publicKey?: string;
  /** Stop at this size, which must be that of a checkpoint; for a log that is still being written. */
  upTo?: number;
  /** Notes of checkpoints that were kept elsewhere: the log must hold each, signed by a key of its own. */
  against?: readonly string[];
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
      /** How many of the kept checkpoints are of the damaged log that this one replaced, and so were not compared. */
      keptOfReplaced: number;
      /** Bytes behind the last checkpoint that a crash, or a commit under way, can have left. */
      unsealed: number;
      /** Payload bytes behind the last one that an entry names. */
      unsealedPayloads: number;
      /** Behind the newest checkpoint, and behind the last payload that is named before it. */
      end: Position;
      payloadEnd: PayloadEnd;
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
  const chain = newChain(verifier);
  const trusted = parseVerifierKey(work.options.publicKey ?? verifier.key)?.key;
  const seen: { payloads: number; root?: Digest; trusted: boolean } = { payloads: 0, trusted: false };
  const kept = keptCheckpoints(verifier, work.options.against ?? []);
  const onGroup = async (group: SealedGroup): Promise<BadLog | undefined> => {
    work.options.signal?.throwIfAborted();
    seen.root = group.checkpoint.root;
    if (group.signedBy.key === trusted) seen.trusted = true;
    kept.pass(group);
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
  const scanned = await scanLog({ logDir, chain, from, signatures: 'all', onGroup, ...limit });
  if (scanned.kind === 'bad') return scanned;
  if (!seen.trusted && chain.frontier.size > 0)
    return badKey(segmentName(0), 'the given key has signed nothing here');
  const verdict = await kept.verdict(chain.frontier.size);
  if (verdict.kind === 'unlike') {
    const { entry, reason } = verdict;
    return { kind: 'bad', segment: segmentName(scanned.end.segment), line: scanned.end.line, entry, reason };
  }
  return {
    kind: 'ok',
    entries: chain.frontier.size,
    root: seen.root,
    checkpoints: scanned.checkpoints,
    payloads: seen.payloads,
    keptOfReplaced: verdict.replaced,
    unsealed: scanned.unsealed,
    unsealedPayloads: upTo === undefined ? payloads.trailing(chain.payloadEnd) : 0,
    end: scanned.end,
    payloadEnd: chain.payloadEnd,
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
  const given = publicKey === undefined ? undefined : parseVerifierKey(publicKey);
  if (publicKey !== undefined && !given) return undefined;
  const pub = fileSize(logDir, 'log.pub') === 0 ? '' : readFileSync(join(logDir, 'log.pub'), 'utf8');
  return parseVerifierKey(pub) ?? given;
}

function badKey(segment: string, reason: string): BadLog {
  return { kind: 'bad', segment, line: 0, entry: 0, reason };
}
