import { join } from 'node:path';
import type { Random } from '#core/clock.ts';
import { FirebreakError } from '#core/errors.ts';
import { createPrivateFile, readIfThere, unusable } from './private-files.ts';
import { type NoteSigner, newSignerKey, parseSignerKey } from './signed-note.ts';

/** Name for a new log, by which checkpoints of different logs can never be mixed up. */
export function newOrigin(random: Random): string {
  return `firebreak.log/${random.bytes(8).toString('hex')}`;
}

/**
 * The signing key `keys/log.key` (0600), made on first use, with `log/log.pub` beside the segments. Throws
 * `data_dir_unusable` if a log is there without its key, `log_tampered` if `log.pub` is not the key's public half.
 */
export function loadLogKey(options: {
  keysDir: string;
  logDir: string;
  hasLog: boolean;
  random: Random;
}): NoteSigner {
  const { keysDir, logDir, hasLog, random } = options;
  const path = join(keysDir, 'log.key');
  const found = readIfThere(path)?.toString();
  if (found === undefined && hasLog) throw unusable(path, 'the key that signs this log is missing');
  const text = found ?? newSignerKey(newOrigin(random), random.bytes(32));
  if (found === undefined) createPrivateFile(path, text, random.uuid());
  const signer = parseSignerKey(text);
  if (!signer) throw unusable(path, 'it is not a signing key');
  const published = `${signer.verifierKey}\n`;
  const pub = join(logDir, 'log.pub');
  if (!createPrivateFile(pub, published, random.uuid()) && readIfThere(pub)?.toString() !== published) {
    throw new FirebreakError('log_tampered', 'log.pub does not belong to the key that signs this log');
  }
  return signer;
}
