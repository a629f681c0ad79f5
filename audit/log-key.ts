import { join } from 'node:path';
import type { Random } from '#core/clock.ts';
import { createPrivateFile, readIfThere, removeFile, replaceFile, unusable } from './private-files.ts';
import type { BadLog } from './scan.ts';
import { segmentName } from './segment-files.ts';
import {
  type NoteSigner,
  type NoteVerifier,
  newSignerKey,
  parseSignerKey,
  parseVerifierKey,
} from './signed-note.ts';

/*
 * Files of a log's keys. `log/log.pub` is the first public key, for verifiers. Beside the payload keys, where nobody but
 * this process writes: `log.key`, the private key that signs now; `log.first`, the first public key again, written once
 * the log has begun (so that a log that is gone, or a swapped log.pub, shows); `log.key.next`, while a key is changed.
 */

/** Name for a new log, by which checkpoints of different logs can never be mixed up. */
export function newOrigin(random: Random): string {
  return `firebreak.log/${random.bytes(8).toString('hex')}`;
}

export type LogKeys = {
  kind: 'ok';
  signer: NoteSigner;
  first: NoteVerifier;
  /** The key of a change that a crash may have cut short. */
  next: NoteSigner | undefined;
  /** Whether the log had entries before. */
  begun: boolean;
};

type Place = { keysDir: string; logDir: string };

/**
 * The keys of a log, made on first use. Throws `data_dir_unusable` if a log is there without its key; gives what is
 * wrong if the log is not the one that these keys belong to.
 */
export function loadLogKeys(options: Place & { hasLog: boolean; random: Random }): LogKeys | BadLog {
  const { keysDir, logDir, hasLog, random } = options;
  const path = join(keysDir, 'log.key');
  const known = readIfThere(join(keysDir, 'log.first'))?.toString();
  const begun = known !== undefined;
  if (begun && !hasLog) return badKeys(segmentName(0), 'the log is gone');
  const signer = readSigner(path) ?? (hasLog ? undefined : createSigner(path, newOrigin(random), random));
  if (!signer) throw unusable(path, 'the key that signs this log is missing');
  const first = parseVerifierKey(known ?? signer.verifierKey);
  if (first?.name !== signer.name) throw unusable(keysDir, 'log.first and log.key do not belong together');
  const pub = join(logDir, 'log.pub');
  const published = `${first.key}\n`;
  if (!createPrivateFile(pub, published, random.uuid()) && readIfThere(pub)?.toString() !== published) {
    return badKeys('log.pub', 'log.pub does not belong to the key that signs this log');
  }
  return { kind: 'ok', signer, first, next: readSigner(`${path}.next`), begun };
}

/** To be called once the log has an entry. */
export function noteLogBegun(keysDir: string, first: NoteVerifier, random: Random): void {
  createPrivateFile(join(keysDir, 'log.first'), `${first.key}\n`, random.uuid());
}

/** Stores a new private key of the same log as the next one; the present one stays in force. */
export function prepareNextKey(keysDir: string, name: string, random: Random): NoteSigner {
  const path = join(keysDir, 'log.key.next');
  removeFile(path);
  return createSigner(path, name, random);
}

/** The next key becomes the present one, which is gone with that. To be called once the log itself names it. */
export function adoptNextKey(keysDir: string): void {
  replaceFile(join(keysDir, 'log.key.next'), join(keysDir, 'log.key'));
}

/** Finishes or forgets a change of key that a crash cut short; `now` is the key that the log ends with. */
export function settleNextKey(keysDir: string, { signer, next }: LogKeys, now: NoteVerifier): NoteSigner {
  if (!next) return signer;
  if (next.verifierKey === now.key) {
    adoptNextKey(keysDir);
    return next;
  }
  removeFile(join(keysDir, 'log.key.next'));
  return signer;
}

/** The first public key of a log as its keys know it. Throws `data_dir_unusable` when they do not. */
export function trustedFirstKey(keysDir: string): NoteVerifier {
  const text = readIfThere(join(keysDir, 'log.first'))?.toString();
  const first = parseVerifierKey(text ?? readSigner(join(keysDir, 'log.key'))?.verifierKey ?? '');
  if (!first) throw unusable(keysDir, 'the first key of the log is missing');
  return first;
}

function readSigner(path: string): NoteSigner | undefined {
  const text = readIfThere(path)?.toString();
  return text === undefined ? undefined : signerOf(text, path);
}

function createSigner(path: string, name: string, random: Random): NoteSigner {
  const text = newSignerKey(name, random.bytes(32));
  createPrivateFile(path, text, random.uuid());
  return signerOf(text, path);
}

function signerOf(text: string, path: string): NoteSigner {
  const signer = parseSignerKey(text);
  if (!signer) throw unusable(path, 'it is not a signing key');
  return signer;
}

function badKeys(segment: string, reason: string): BadLog {
  return { kind: 'bad', segment, line: 0, entry: 0, reason };
}
