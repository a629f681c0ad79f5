import { closeSync, constants, fstatSync, openSync, readSync, type Stats, statSync } from 'node:fs';
import type { Clock } from '#core/clock.ts';
import { FirebreakError } from '#core/errors.ts';
import { Secret } from '#core/secret.ts';

const MAX_SECRET_BYTES = 8 * 1024;
/** A file is looked at again at most so often. */
const LOOK_MS = 1_000;

/** The secret in a file that only its owner can read, or what is wrong with the file. Never throws. */
export function readSecretFile(path: string): Secret | string {
  const read = readOnce(path);
  return 'problem' in read ? read.problem : new Secret(read.text);
}

/** What is wrong with a file that should hold a secret, as far as that can be told without reading it. Never throws. */
export function secretFileProblem(path: string): string | undefined {
  try {
    return problemOf(path, statSync(path));
  } catch (error) {
    return missing(path, error);
  }
}

/** A secret that follows its file; `problem` says why it cannot be used now. */
export type FollowedSecret = { readonly secret: Secret; readonly problem: () => string | undefined };

/**
 * Follows a file that holds a secret. The file is: good, when it is a regular one, of the right size, that only its
 * owner can read; bad otherwise. Whenever it was touched, and at most once a second, it is read anew and is good or bad
 * again. While it is bad nothing is revealed, not even what it held before: it throws `secret_unusable` with the reason.
 */
export function followSecretFile(path: string, clock: Pick<Clock, 'mono'>): FollowedSecret {
  let read = readOnce(path);
  let lookedAt = clock.mono();
  const now = (): Read => {
    if (clock.mono() - lookedAt < LOOK_MS) return read;
    lookedAt = clock.mono();
    if (!('mark' in read) || markAt(path) !== read.mark) read = readOnce(path);
    return read;
  };
  const reveal = (): string => {
    const found = now();
    if ('text' in found) return found.text;
    throw new FirebreakError('secret_unusable', found.problem);
  };
  return {
    secret: new Secret(reveal),
    problem: () => {
      const found = now();
      return 'problem' in found ? found.problem : undefined;
    },
  };
}

/** `mark` is another one after anything was done to the file. */
type Read = { readonly text: string; readonly mark: string } | { readonly problem: string };

/** Checks what it opened, not what had the name before, and does not wait for the other end of a pipe. */
function readOnce(path: string): Read {
  let file: number | undefined;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    const status = fstatSync(file);
    const problem = problemOf(path, status);
    if (problem !== undefined) return { problem };
    const text = textOf(file);
    if (text === undefined) return { problem: `${path} is too large for a secret` };
    if (text === '') return { problem: `${path} is empty` };
    if (/[\0\ufffd]/.test(text)) return { problem: `${path} holds bytes that no secret has` };
    return { text, mark: markOf(status) };
  } catch (error) {
    return { problem: missing(path, error) };
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** Undefined when it has grown since it was looked at. */
function textOf(file: number): string | undefined {
  const bytes = Buffer.alloc(MAX_SECRET_BYTES + 1);
  let size = 0;
  for (let more = 1; more > 0 && size < bytes.length; size += more)
    more = readSync(file, bytes, size, bytes.length - size, null);
  return size > MAX_SECRET_BYTES ? undefined : bytes.toString('utf8', 0, size).trim();
}

function problemOf(path: string, status: Stats): string | undefined {
  if (!status.isFile()) return `${path} is not a file`;
  if (isOpenToOthers(status)) return `${path} can be read by others; chmod 600 ${path}`;
  if (!isOwners(status)) return `${path} belongs to another user, who can change it`;
  if (status.size === 0) return `${path} is empty`;
  return status.size > MAX_SECRET_BYTES ? `${path} is too large for a secret` : undefined;
}

type Owned = Pick<Stats, 'mode' | 'uid' | 'gid'>;

/**
 * Whether a file lets anybody but its owner in. Files that root gives to one service alone, as service managers do, show
 * as readable by root's own group.
 */
export function isOpenToOthers({ mode, uid, gid }: Owned, self = process.geteuid?.() ?? 0): boolean {
  const isGiven = uid === 0 && gid === 0 && self !== 0;
  return (mode & (isGiven ? 0o037 : 0o077)) !== 0;
}

function isOwners({ uid }: Owned): boolean {
  return uid === 0 || uid === (process.geteuid?.() ?? uid);
}

function markAt(path: string): string | undefined {
  try {
    return markOf(statSync(path));
  } catch {
    return undefined;
  }
}

function markOf({ dev, ino, size, mtimeMs, ctimeMs, mode, uid }: Stats): string {
  return [dev, ino, size, mtimeMs, ctimeMs, mode, uid].join(' ');
}

function missing(path: string, error: unknown): string {
  const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
  return isMissing ? `there is no file ${path}` : `${path} cannot be read`;
}
