import { readFileSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, isAbsolute, normalize } from 'node:path';
import { messageOf } from '#core/errors.ts';
import { sha256 } from '#core/hash.ts';
import type { ProgramSeen } from './program-port.ts';

const MOST_BYTES = 64 * 1024 * 1024;
const SHELLS = /^(ba|da|z|k|mk|a|c|tc|fi|r|rba|rk|pw)?sh([0-9.-].*)?$|^(busybox|toybox)$/;
const INTERPRETERS =
  /^(python|perl|ruby|node|nodejs|deno|bun|php|lua|tclsh|expect|awk|gawk|mawk|nawk|sed|osascript|java)[0-9.]*$/;
const WRAPPERS = /^(env|xargs|nohup|setsid|timeout|nice|ionice|stdbuf|script|find|watch|parallel|chroot)$/;

/** Why a program of this name would run what its arguments say; undefined when it is one of its own. */
export function runsItsArguments(path: string): string | undefined {
  const name = basename(path);
  if (SHELLS.test(name)) return `${path} is a shell; name the script itself, with #! in its first line`;
  if (INTERPRETERS.test(name))
    return `${path} runs what its arguments say; name the script itself, with #! in its first line`;
  return WRAPPERS.test(name) ? `${path} runs what its arguments say; name that program itself` : undefined;
}

/**
 * A program by its path, links followed: one that only its owner, who is root or the user of this process, can change or
 * replace. Never throws.
 */
export function inspectProgram(path: string): ProgramSeen {
  try {
    const why = problemOf(path);
    if (why !== undefined) return { kind: 'problem', why };
    const bytes = readFileSync(path);
    // What says of itself that it is no program would be handed to a shell.
    if (!isProgram(bytes)) return { kind: 'problem', why: `${path} is no program; a script begins with #!` };
    return { kind: 'fine', digest: sha256(bytes) };
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    return { kind: 'problem', why: missing ? `there is no ${path}` : `${path}: ${messageOf(error)}` };
  }
}

function problemOf(path: string): string | undefined {
  if (!isAbsolute(path) || normalize(path) !== path) return `${path} is not an absolute path`;
  const named = runsItsArguments(path);
  if (named !== undefined) return named;
  const real = realpathSync(path);
  const hidden = runsItsArguments(real);
  if (hidden !== undefined) return hidden;
  const file = statSync(real);
  if (!file.isFile()) return `${path} is not a file`;
  if ((file.mode & 0o111) === 0) return `${path} cannot be executed; chmod +x ${path}`;
  if (file.size > MOST_BYTES) return `${path} is larger than ${MOST_BYTES} bytes`;
  if (isForeign(file) || (file.mode & 0o022) !== 0)
    return `${path} can be changed by others; chmod go-w ${real}, owned by root or by who runs Firebreak`;
  const folder = [...foldersOf(path), ...foldersOf(real)].find(isOpen);
  return folder === undefined ? undefined : `${path} can be replaced by others, who may write to ${folder}`;
}

/** `#!`, or how programs of Linux and macOS begin. */
const BEGINNINGS = ['2321', '7f454c46', 'cffaedfe', 'cafebabe'];

function isProgram(bytes: Buffer): boolean {
  const head = bytes.subarray(0, 4).toString('hex');
  return BEGINNINGS.some((beginning) => head.startsWith(beginning));
}

function foldersOf(path: string): string[] {
  const folder = dirname(path);
  return folder === path ? [] : [folder, ...foldersOf(folder)];
}

/** In a folder with the sticky bit, such as /tmp, nobody replaces what belongs to another. */
function isOpen(folder: string): boolean {
  const status = statSync(folder);
  return isForeign(status) || ((status.mode & 0o022) !== 0 && (status.mode & 0o1000) === 0);
}

function isForeign({ uid }: { uid: number }): boolean {
  return uid !== 0 && uid !== process.getuid?.();
}
