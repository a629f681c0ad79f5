import { canonical } from '#core/canonical.ts';
import { Digest } from '#core/ids.ts';
import type { Checkpoint } from './log.ts';
import type { NoteSigner } from './signed-note.ts';

/** The three lines that are signed (C2SP tlog-checkpoint): origin, size, root in base64. */
export function checkpointText(origin: string, size: number, root: Buffer): string {
  return `${origin}\n${size}\n${root.toString('base64')}\n`;
}

/** Signs (origin, size, root); the origin is the signer's name. */
export function signCheckpoint(signer: NoteSigner, size: number, root: Buffer): Checkpoint {
  const note = signer.sign(checkpointText(signer.name, size, root));
  return { origin: signer.name, size, root: Digest.parse(root.toString('hex')), note };
}

/** How a checkpoint stands in a segment: an object with one key that no entry has. */
export function checkpointLine(note: string): string {
  return canonical({ checkpoint: note });
}

export const CHECKPOINT_START = '{"checkpoint":';

/** Whether a line can only have been meant as a checkpoint. */
export function isCheckpointLine(bytes: Buffer): boolean {
  return bytes.toString('latin1', 0, CHECKPOINT_START.length) === CHECKPOINT_START;
}

/** The note in a checkpoint line, or undefined if the line is anything else. Trusts nothing else about it. */
export function noteInLine(line: string): string | undefined {
  if (!line.startsWith(CHECKPOINT_START)) return undefined;
  try {
    const note: unknown = JSON.parse(line).checkpoint;
    return typeof note === 'string' && checkpointLine(note) === line ? note : undefined;
  } catch {
    return undefined;
  }
}

const NOTE = /^([^\n]+)\n(0|[1-9]\d{0,15})\n([A-Za-z0-9+/]{43}=)\n\n\u2014 [^\n]+\n$/;

/** Reads origin, size and root out of a note without checking its signature; undefined if it is not a checkpoint. */
export function parseCheckpoint(note: string): Checkpoint | undefined {
  const [, origin, size, encoded] = NOTE.exec(note) ?? [];
  if (origin === undefined || size === undefined || encoded === undefined) return undefined;
  const root = Buffer.from(encoded, 'base64');
  if (root.toString('base64') !== encoded) return undefined;
  return { origin, size: Number(size), root: Digest.parse(root.toString('hex')), note };
}
