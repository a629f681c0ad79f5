import { lstatSync, readFileSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, isAbsolute, normalize, resolve } from 'node:path';
import { messageOf } from '#core/errors.ts';
import { sha256 } from '#core/hash.ts';
import type { ProgramSeen } from './program-port.ts';

const MOST_BYTES = 64 * 1024 * 1024;
const SHELLS = /^(ba|da|z|k|mk|a|c|tc|fi|r|rba|rk|pw)?sh([0-9.-].*)?$|^(busybox|toybox)$/;
const INTERPRETERS =
  /^(python|perl|ruby|node|nodejs|deno|bun|php|lua|tclsh|expect|awk|gawk|mawk|nawk|sed|osascript|java)[0-9.]*$/;
const WRAPPERS = new RegExp(
  `^(${[
    ...['env', 'xargs', 'nohup', 'setsid', 'timeout', 'nice', 'ionice', 'stdbuf', 'script', 'find', 'watch'],
    ...[
      'parallel',
      'chroot',
      'sudo',
      'doas',
      'su',
      'runuser',
      'setpriv',
      'chrt',
      'taskset',
      'flock',
      'unshare',
    ],
    ...[
      'nsenter',
      'systemd-run',
      'strace',
      'ltrace',
      'gdb',
      'time',
      'unbuffer',
      'dbus-run-session',
      'start-stop-daemon',
    ],
  ].join('|')})$|^ld(-linux.*|-musl.*|[.-].*)?\\.so(\\..*)?$`,
);
/** A link after so many others leads nowhere. */
const MOST_LINKS = 20;

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
 * replace, and so is every link and folder on the way. Never throws.
 */
export function inspectProgram(path: string): ProgramSeen {
  try {
    const why = nameProblem(path);
    if (why !== undefined) return { kind: 'problem', why };
    const real = realpathSync(path);
    const problem = fileProblem(path, real) ?? wayProblem(path, real);
    if (problem !== undefined) return { kind: 'problem', why: problem };
    const bytes = readFileSync(real);
    // What says of itself that it is no program would be handed to a shell.
    if (!isProgram(bytes)) return { kind: 'problem', why: `${path} is no program; a script begins with #!` };
    return { kind: 'fine', digest: sha256(bytes), real };
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    return { kind: 'problem', why: missing ? `there is no ${path}` : `${path}: ${messageOf(error)}` };
  }
}

function nameProblem(path: string): string | undefined {
  if (!isAbsolute(path) || normalize(path) !== path) return `${path} is not an absolute path`;
  return runsItsArguments(path);
}

function fileProblem(path: string, real: string): string | undefined {
  const hidden = runsItsArguments(real);
  if (hidden !== undefined) return hidden;
  const file = statSync(real);
  if (!file.isFile()) return `${path} is not a file`;
  if ((file.mode & 0o111) === 0) return `${path} cannot be executed; chmod +x ${path}`;
  if (file.size > MOST_BYTES) return `${path} is larger than ${MOST_BYTES} bytes`;
  return isForeign(file) || (file.mode & 0o022) !== 0
    ? `${path} can be changed by others; chmod go-w ${real}, owned by root or by who runs Firebreak`
    : undefined;
}

/** Whoever owns a link, or may write to a folder on the way, says which program it is. */
function wayProblem(path: string, real: string): string | undefined {
  const places = placesOf(path, MOST_LINKS);
  if (places.at(-1) !== real) return `${path} cannot be followed link by link to ${real}`;
  const foreign = places.find((place) => isForeign(lstatSync(place)));
  if (foreign !== undefined) return `${path} can be replaced by others, who own ${foreign}`;
  const open = places.map((place) => dirname(place)).find(isOpen);
  return open === undefined ? undefined : `${path} can be replaced by others, who may write to ${open}`;
}

/** Every folder, link and file that is passed on the way, each by the path at which it really is. */
function placesOf(path: string, linksLeft: number): readonly string[] {
  const parts = path.split('/').filter((part) => part !== '');
  const places: string[] = [];
  for (const at of parts.keys()) {
    const place = `/${parts.slice(0, at + 1).join('/')}`;
    places.push(place);
    if (!lstatSync(place).isSymbolicLink()) continue;
    if (linksLeft === 0) return places;
    const target = resolve(dirname(place), readlinkSync(place), ...parts.slice(at + 1));
    return [...places, ...placesOf(target, linksLeft - 1)];
  }
  return places;
}

/** `#!`, or how programs of Linux and macOS begin. */
const BEGINNINGS = ['2321', '7f454c46', 'cffaedfe', 'cafebabe'];

function isProgram(bytes: Buffer): boolean {
  const head = bytes.subarray(0, 4).toString('hex');
  return BEGINNINGS.some((beginning) => head.startsWith(beginning));
}

/** In a folder with the sticky bit, such as /tmp, nobody replaces what belongs to another. */
function isOpen(folder: string): boolean {
  const status = statSync(folder);
  return (status.mode & 0o022) !== 0 && (status.mode & 0o1000) === 0;
}

function isForeign({ uid }: { uid: number }): boolean {
  return uid !== 0 && uid !== process.getuid?.();
}
