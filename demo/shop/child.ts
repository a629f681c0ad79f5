import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { readLines } from './lines.ts';

/** A started process of the shop. It ends when its stdin closes, so it cannot outlive whoever started it. */
export type Child = {
  readonly pid: number;
  /** Sends one JSON line; does nothing once the process is gone. */
  send(value: object): void;
  /** Settles with the exit code as a shell reports it (137 after SIGKILL). */
  readonly exited: Promise<number>;
  /** Asks it to end (SIGTERM) and kills it after `graceMs`; waits for the end. */
  end(graceMs: number): Promise<void>;
  kill(): void;
  /** Closes its stdin, the sign to shut down; kills it after `graceMs`; waits for the end. */
  close(graceMs: number): Promise<void>;
};

/** Compiled code, so that a process starts in a third of the time; Node does without where it cannot write. */
const CACHE = fileURLToPath(new URL('../../node_modules/.cache/demo', import.meta.url));

const SIGNALS = new Map([
  ['SIGINT', 2],
  ['SIGKILL', 9],
  ['SIGTERM', 15],
]);

function exitOf(process: ChildProcess): Promise<number> {
  return new Promise((resolve) => {
    process.on('exit', (code, signal) => resolve(code ?? 128 + (SIGNALS.get(signal ?? '') ?? 0)));
    process.on('error', () => resolve(127));
  });
}

/**
 * Starts `entry` on the Node that runs this, with an environment of nothing but the compile cache, sends `settings` when
 * they are known, and hands each line it prints to `onLine`. What it prints to stderr goes to ours.
 */
export function startChild(options: {
  entry: string;
  settings: object | Promise<object>;
  onLine: (value: unknown) => void;
}): Child {
  const script = fileURLToPath(new URL(options.entry, new URL('../', import.meta.url)));
  const child = spawn(process.execPath, [script], {
    env: { NODE_COMPILE_CACHE: CACHE },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const exited = exitOf(child);
  let alive = true;
  void exited.then(() => {
    alive = false;
  });
  child.stdin.on('error', () => {});
  readLines(child.stdout, options.onLine);
  const send = (value: object): void => {
    if (alive && child.stdin.writable) child.stdin.write(`${JSON.stringify(value)}\n`);
  };
  // Settings that never come mean that another part did not start, which its own promise tells.
  void Promise.resolve(options.settings).then(send, () => {});
  const within = async (graceMs: number): Promise<void> => {
    const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
    await exited;
    clearTimeout(timer);
  };
  return {
    pid: child.pid ?? 0,
    send,
    exited,
    kill: () => void child.kill('SIGKILL'),
    end: (graceMs) => {
      child.kill('SIGTERM');
      return within(graceMs);
    },
    close: (graceMs) => {
      child.stdin.end();
      return within(graceMs);
    },
  };
}
