import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutorFact, Known, SocketFact } from '#doctor/facts.ts';
import { known, unknown } from '#doctor/facts.ts';
import { executorFlags, executorFlagsWithPrograms } from './executor/child.ts';

/** Where Linux says what processes are and have. */
export const PROC = '/proc';
const LISTENING = '0A';
const EXECUTOR_ENTRY = /\/server\/executor\/main\.[jt]s$/;

type Listening = { readonly inode: string; readonly address: string; readonly port: number };

/** The listening sockets of a table as Linux writes it (`/proc/net/tcp`, `tcp6`); lines of another form are left out. */
export function parseTcpTable(text: string): Listening[] {
  return text.split('\n').flatMap((line) => {
    const fields = line.trim().split(/\s+/);
    const [, local = '', , state] = fields;
    const [address, port] = local.split(':');
    const host = addressOf(address ?? '');
    const inode = fields[9];
    if (state !== LISTENING || host === undefined || inode === undefined || !/^[0-9A-F]{4}$/.test(port ?? ''))
      return [];
    return [{ inode, address: host, port: Number.parseInt(port ?? '', 16) }];
  });
}

/** Words of 32 bits, each with its bytes in reverse order. */
function addressOf(hex: string): string | undefined {
  if (!/^([0-9A-F]{8}|[0-9A-F]{32})$/.test(hex)) return undefined;
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) => (word.match(/../g) ?? []).toReversed());
  if (bytes.length === 4) return bytes.map((byte) => Number.parseInt(byte, 16)).join('.');
  const groups = Array.from({ length: 8 }, (_none, at) =>
    Number.parseInt(`${bytes[2 * at]}${bytes[2 * at + 1]}`, 16).toString(16),
  );
  return groups.join(':');
}

/** What the server and its children listen on. Unknown where the machine does not tell, or the process is another user's. */
export function socketsOf(pid: number, proc = PROC): Known<readonly SocketFact[]> {
  try {
    const children = childrenOf(pid, proc);
    return known([
      ...listening(pid, 'server', proc),
      ...children.flatMap((child) => listening(child, isExecutor(child, proc) ? 'executor' : 'child', proc)),
    ]);
  } catch {
    return unknown(`what process ${pid} listens on cannot be seen here`);
  }
}

function listening(pid: number, process: SocketFact['process'], proc: string): SocketFact[] {
  const own = join(proc, String(pid));
  const inodes = new Set(
    readdirSync(join(own, 'fd')).flatMap(
      (fd) => /^socket:\[(\d+)\]$/.exec(linkOf(join(own, 'fd', fd)))?.[1] ?? [],
    ),
  );
  const tables = ['tcp', 'tcp6'].flatMap((table) => parseTcpTable(readOr(join(own, 'net', table), '')));
  return tables
    .filter(({ inode }) => inodes.has(inode))
    .map(({ address, port }) => ({ process, pid, address, port }));
}

/** Those that any of its threads started. */
function childrenOf(pid: number, proc: string): number[] {
  const tasks = join(proc, String(pid), 'task');
  const ofMain = readFileSync(join(tasks, String(pid), 'children'), 'utf8');
  const ofOthers = readdirSync(tasks)
    .filter((thread) => thread !== String(pid))
    .map((thread) => readOr(join(tasks, thread, 'children'), ''));
  return [ofMain, ...ofOthers]
    .flatMap((text) => text.split(' '))
    .filter((one) => one.trim() !== '')
    .map(Number);
}

const argumentsOf = (pid: number, proc: string): string[] =>
  partsOf(readOr(join(proc, String(pid), 'cmdline'), ''));
const partsOf = (text: string): string[] => text.split('\0').filter((part) => part !== '');
const isExecutor = (pid: number, proc: string): boolean =>
  argumentsOf(pid, proc).some((one) => EXECUTOR_ENTRY.test(one));

/** How the process that makes changes was started. Unknown where the machine does not tell. */
export function executorOf(pid: number, mayStartPrograms: boolean, proc = PROC): Known<ExecutorFact> {
  try {
    const child = childrenOf(pid, proc).find((one) => isExecutor(one, proc));
    if (child === undefined) return known({ kind: 'missing' });
    const entry = argumentsOf(child, proc);
    const flags = entry.slice(
      1,
      entry.findIndex((one) => EXECUTOR_ENTRY.test(one)),
    );
    const variables = partsOf(readFileSync(join(proc, String(child), 'environ'), 'utf8'));
    const names = variables.map((one) => one.split('=')[0] ?? '');
    return known({
      kind: 'running',
      pid: child,
      isOwnProcess: child !== pid,
      variables: names,
      flags,
      agreed: mayStartPrograms ? executorFlagsWithPrograms : executorFlags,
    });
  } catch {
    return unknown(`the children of process ${pid} cannot be seen here`);
  }
}

/** Variables of a running process, by name and value; unknown where the machine does not tell. */
export function variablesOf(pid: number, proc = PROC): Known<ReadonlyMap<string, string>> {
  try {
    const text = readFileSync(join(proc, String(pid), 'environ'), 'utf8');
    return known(
      new Map(
        partsOf(text).map((one): [string, string] => [
          one.split('=')[0] ?? '',
          one.slice(one.indexOf('=') + 1),
        ]),
      ),
    );
  } catch {
    return unknown(`the environment of process ${pid} cannot be seen here`);
  }
}

/** A file that is closed while it is looked at has no link any more. */
function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

function readOr(path: string, other: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return other;
  }
}
