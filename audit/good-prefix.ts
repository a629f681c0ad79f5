import type { Digest } from '#core/ids.ts';
import { newChain } from './chain.ts';
import type { Fold } from './fold.ts';
import { type BadLog, type Scan, scanLog } from './scan.ts';
import { fileSize, segmentName } from './segment-files.ts';
import type { NoteVerifier } from './signed-note.ts';

/** The part of a damaged log that its checkpoints still prove. `root` is null when that is nothing. */
export type GoodPrefix = { size: number; root: Digest | null };

/**
 * Reads a damaged log up to the last checkpoint before entry `limit` into the folds, which are reset first. Every
 * signature is checked before anything is believed. Throws only if a file cannot be read.
 */
export async function readGoodPrefix(options: {
  logDir: string;
  first: NoteVerifier;
  limit: number;
  folds: readonly Fold[];
}): Promise<GoodPrefix> {
  const { logDir, first, folds } = options;
  for (const fold of folds) fold.reset();
  const prefix: GoodPrefix = { size: 0, root: null };
  if (fileSize(logDir, segmentName(0)) === 0) return prefix;
  const scan = (onGroup: Scan['onGroup'] & {}) =>
    scanLog({
      logDir,
      chain: newChain(first),
      from: { segment: 0, at: 0, line: 0 },
      signatures: 'all',
      onGroup,
    });
  const found = await scan(() => undefined);
  const limit = found.kind === 'bad' ? Math.min(options.limit, found.entry) : options.limit;
  await scan(({ entries, checkpoint }) => {
    if (checkpoint.size > limit) return Promise.resolve(enough);
    for (const entry of entries) for (const fold of folds) fold.apply(entry);
    prefix.size = checkpoint.size;
    prefix.root = checkpoint.root;
    return undefined;
  });
  return prefix;
}

/** Ends the reading; what lies behind is not looked at. */
const enough: BadLog = { kind: 'bad', segment: '', line: 0, entry: 0, reason: 'not wanted' };
