import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, resolve } from 'node:path';
import { FirebreakError, messageOf } from '#core/errors.ts';

/** Makes a directory (0700) and those above it. Throws `data_dir_unusable` with one plain line. */
export function makePrivateDir(dir: string): void {
  try {
    makeDirs(resolve(dir));
  } catch (error) {
    throw unusable(dir, error);
  }
}

/** One level at a time: Node's own recursive form never returns where a file system answers `no such file` to mkdir. */
function makeDirs(dir: string): void {
  if (existsSync(dir)) return;
  makeDirs(dirname(dir));
  try {
    mkdirSync(dir, { mode: 0o700 });
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
  }
}

/** The error for a directory or file that cannot be used. */
export function unusable(path: string, cause: unknown): FirebreakError {
  const message = `cannot use ${path}: ${messageOf(cause)}`;
  return new FirebreakError('data_dir_unusable', message, { cause });
}

/** Writes a new file (0600) so that it is there whole and durable, or not at all. False when it already exists. */
export function createPrivateFile(path: string, content: string | Buffer, unique: string): boolean {
  const draft = `${path}.${unique}`;
  try {
    writeFileSync(draft, content, { mode: 0o600, flag: 'wx', flush: true });
    linkSync(draft, path);
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  syncDir(dirname(path));
  return true;
}

/** Content, or undefined when there is no such file. */
export function readIfThere(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** Puts one file in the place of another, durably; the other is gone. */
export function replaceFile(from: string, to: string): void {
  renameSync(from, to);
  syncDir(dirname(to));
}

/** Removes a file durably; does nothing when there is none. */
export function removeFile(path: string): void {
  if (!existsSync(path)) return;
  rmSync(path);
  syncDir(dirname(path));
}

/** Makes names created in or removed from a directory durable. */
export function syncDir(dir: string): void {
  const fd = openSync(dir, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
