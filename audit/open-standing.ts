import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Random } from '#core/clock.ts';
import { FirebreakError } from '#core/errors.ts';
import type { Fold } from './fold.ts';
import { readGoodPrefix } from './good-prefix.ts';
import type { Entry, EntryDraft } from './log.ts';
import { type LogKeys, loadLogKeys, noteLogBegun, settleNextKey, trustedFirstKey } from './log-key.ts';
import { filePayloadKeys, type PayloadKeys } from './payload-keys.ts';
import { makePrivateDir } from './private-files.ts';
import { type Recovered, recoverLog, tampered } from './recover.ts';
import type { BadLog } from './scan.ts';
import { segmentName } from './segment-files.ts';
import { type Damage, describeDamage, moveAside, unfinishedDamage } from './set-aside.ts';
import { type NoteSigner, type NoteVerifier, parseVerifierKey } from './signed-note.ts';
import { clearSuspicion, isSuspect } from './suspicion.ts';
import { unprovenEntries } from './unproven.ts';
import { verifyLog } from './verify.ts';

/** The directories of a log inside its data directory. */
export type LogDirs = { log: string; keys: string; cache: string };

/**
 * With which entries a new log takes over from a damaged one; the folds hold what is still good of that, and `unproven`
 * is what can be read of the rest, which anybody may have written.
 */
export type OnDamage = (
  damage: Damage,
  unproven: AsyncIterable<Entry>,
) => readonly EntryDraft[] | Promise<readonly EntryDraft[]>;

/** A log as it stands before anything is appended. */
export type Standing = {
  /** The key that signs at present; another one once it was changed. */
  signer: NoteSigner;
  first: NoteVerifier;
  keys: PayloadKeys;
  recovered: Recovered;
  /** What a log without entries begins with, behind or in its first one. */
  beginning: { replaces?: Damage; drafts: readonly EntryDraft[] };
};

export type StandingOptions = {
  dir: string;
  random: Random;
  folds: readonly Fold[];
  /** Left out: a log that was tampered with is refused. */
  onDamage?: OnDamage;
};

/** Makes the directories that are not there. Throws `data_dir_unusable`. */
export function prepareDirs(dir: string): LogDirs {
  const dirs = { log: join(dir, 'log'), keys: join(dir, 'keys'), cache: join(dir, 'cache') };
  makePrivateDir(dir);
  for (const path of Object.values(dirs)) makePrivateDir(path);
  return dirs;
}

/**
 * Reads the log of a locked data directory into the folds. One that was tampered with is moved aside and replaced by an
 * empty one where `onDamage` is given, else `log_tampered` is thrown. Throws `data_dir_unusable` too.
 */
export async function openStanding(options: StandingOptions): Promise<Standing> {
  const dirs = prepareDirs(options.dir);
  const unfinished = unfinishedDamage(options.dir);
  if (unfinished) return startOver(options, dirs, unfinished);
  const read = await readLog(options, dirs);
  if (read.kind === 'ok') return { ...read.standing, beginning: { drafts: [] } };
  if (!options.onDamage) throw tampered(read);
  return startOver(options, dirs, await describe(options, dirs, read));
}

async function describe(options: StandingOptions, dirs: LogDirs, bad: BadLog): Promise<Damage> {
  const first = trustedFirstKey(dirs.keys);
  const { size, root } = await readGoodPrefix({ logDir: dirs.log, first, limit: bad.entry, folds: [] });
  const { segment, line, entry, reason } = bad;
  const damage = { origin: first.name, size, root, segment, line, entry, reason: reason.slice(0, 500) };
  return describeDamage(options.dir, damage, options.random);
}

async function startOver(options: StandingOptions, dirs: LogDirs, damage: Damage): Promise<Standing> {
  const { dir, folds, onDamage } = options;
  if (!onDamage) {
    const message = `a damaged log is being moved to ${damage.folder}; firebreak serve goes on with it`;
    throw new FirebreakError('log_tampered', message, { next: 'ask' });
  }
  moveAside(dir, damage);
  const old = join(dir, damage.folder);
  const first = trustedFirstKey(join(old, 'keys'));
  await readGoodPrefix({ logDir: join(old, 'log'), first, limit: damage.size, folds });
  const drafts = await onDamage(damage, unprovenEntries(join(old, 'log'), damage.size));
  const read = await readLog(options, dirs);
  if (read.kind === 'bad') throw tampered(read);
  return { ...read.standing, beginning: { replaces: damage, drafts } };
}

type Read = { kind: 'ok'; standing: Omit<Standing, 'beginning'> } | BadLog;

async function readLog({ random, folds }: StandingOptions, dirs: LogDirs): Promise<Read> {
  const hasLog = existsSync(join(dirs.log, segmentName(0)));
  const keys = loadLogKeys({ keysDir: dirs.keys, logDir: dirs.log, hasLog, random });
  if (keys.kind === 'bad') return keys;
  const suspect = await suspicion(dirs, keys);
  if (suspect) return suspect;
  const { first, signer, next, begun } = keys;
  const recovered = await recoverLog({
    logDir: dirs.log,
    cacheDir: dirs.cache,
    keys: { first, newest: publicOf(signer), next: next && publicOf(next) },
    begun,
    folds,
  });
  if (recovered.kind === 'bad') return recovered;
  const present = settleNextKey(dirs.keys, keys, recovered.chain.verifier);
  if (!begun && recovered.chain.frontier.size > 0) noteLogBegun(dirs.keys, first, random);
  return {
    kind: 'ok',
    standing: { signer: present, first, keys: filePayloadKeys(dirs.keys, random), recovered },
  };
}

/** A log that was found bad while it was open is read in full before it is opened again. */
async function suspicion(dirs: LogDirs, { first }: LogKeys): Promise<BadLog | undefined> {
  if (!isSuspect(dirs.cache)) return undefined;
  const verified = await verifyLog({ dir: dirs.log, publicKey: first.key });
  if (verified.kind === 'bad') return verified;
  clearSuspicion(dirs.cache);
  return undefined;
}

function publicOf(signer: NoteSigner): NoteVerifier {
  const verifier = parseVerifierKey(signer.verifierKey);
  if (!verifier) throw new FirebreakError('bug', 'a signing key has no public half');
  return verifier;
}
