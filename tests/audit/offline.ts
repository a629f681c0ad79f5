import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { root } from '../tree.ts';

/** The verifier that goes with every proof, as a file. */
export const verifierFile = join(root, 'audit/offline/verify-proof.mjs');

type Inclusion = { leaf: Buffer; index: number; size: number; hashes: readonly Buffer[]; root: Buffer };
type Growth = { oldSize: number; oldRoot: Buffer; size: number; root: Buffer; hashes: readonly Buffer[] };

const Functions = z.object({
  inclusionHolds: z.custom<(of: Inclusion) => boolean>((value) => typeof value === 'function'),
  consistencyHolds: z.custom<(of: Growth) => boolean>((value) => typeof value === 'function'),
  openNote: z.custom<(note: string, keys: readonly unknown[]) => { size: number }>(
    (value) => typeof value === 'function',
  ),
  parseKey: z.custom<(text: string) => unknown>((value) => typeof value === 'function'),
});

/** Its parts; it is plain JavaScript, so their types are said here. */
export const { inclusionHolds, consistencyHolds, openNote, parseKey } = Functions.parse(
  await import(pathToFileURL(verifierFile).href),
);
