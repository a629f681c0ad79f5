import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Permit } from '#approvals/permit.ts';
import type { Clock } from '#core/clock.ts';
import { clip, inert } from '#core/inert.ts';
import { redact } from '#core/redact.ts';
import type { ChangeOutcome } from '#tools/drivers/ports.ts';
import { type Hello, lineCutter, type Order, readLine, Said } from './messages.ts';

const ENTRY = fileURLToPath(new URL('./main.ts', import.meta.url));
/** Reads, speaks HTTP, and nothing else: no processes, no workers, no native code, no file written. */
export const executorFlags: readonly string[] = ['--permission', '--allow-fs-read=*'];
/** The same where the operator defined programs to run: it may start processes, and they are held by nothing of this. */
export const executorFlagsWithPrograms: readonly string[] = [
  ...executorFlags,
  '--allow-child-process',
  '--disable-warning=PERM0002',
];
/** A child that has not begun by then never will. */
const START_MS = 10_000;
/** So long a child that is ended has to end by itself, with the programs that it runs. */
const END_MS = 500;
/** The child keeps the deadline itself; one that lets it pass by so much is stuck. */
const STUCK_MS = 2_000;

export type ChildEvents = {
  readonly onReady: () => void;
  /** Called once, when the process is gone. */
  readonly onEnd: (why: string) => void;
};
export type ExecutorChild = {
  /** Undefined when it could not be started. */
  readonly pid: number | undefined;
  /** What became of the order: `unknown` when the child ends, or is stuck, before it said so. Never throws. */
  change(permit: Permit, deadlineMs: number): Promise<ChangeOutcome>;
  /** Ends it and what it runs, by force if it must; `onEnd` follows. */
  kill(): void;
};

type Waiting = Map<number, (outcome: ChangeOutcome) => void>;

/**
 * Starts the process that makes changes: an empty environment, no open file but its three streams. It is killed when it
 * says anything that was not agreed, does not begin in time, or lets an order's deadline pass.
 */
export function startExecutorChild(hello: Hello, clock: Clock, events: ChildEvents): ExecutorChild {
  const flags = hello.programs === true ? executorFlagsWithPrograms : executorFlags;
  const child = spawn(process.execPath, [...flags, ENTRY], {
    env: {},
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const waiting: Waiting = new Map();
  let lastId = 0;
  let why: string | undefined;
  const kill = (reason: string): void => {
    why ??= reason;
    child.kill('SIGKILL');
  };
  const end = (reason: string): void => {
    why ??= reason;
    // It ends when its input does, and takes what it runs with it; killed at once it would leave that behind.
    child.stdin.end();
    const cancel = clock.after(END_MS, () => kill(reason));
    child.once('exit', cancel);
  };
  const cancelStart = clock.after(START_MS, () => kill('it did not begin in time'));
  const onSaid = (said: Said): void => {
    if (said.kind === 'cannot') return kill(inert(said.why));
    cancelStart();
    if (said.kind === 'ready') return events.onReady();
    waiting.get(said.id)?.(said.outcome);
    waiting.delete(said.id);
  };
  void listen(child, { onSaid, kill }).then((ended) => {
    cancelStart();
    for (const answer of waiting.values()) answer({ kind: 'unknown', detail: 'the process making it ended' });
    waiting.clear();
    events.onEnd(why ?? ended);
  });
  const send = (line: Hello | Order): void => void child.stdin.write(`${JSON.stringify(line)}\n`);
  send(hello);
  return {
    pid: child.pid,
    change: (permit, deadlineMs) => {
      const { promise, resolve } = Promise.withResolvers<ChangeOutcome>();
      lastId += 1;
      waiting.set(lastId, resolve);
      send({ kind: 'change', id: lastId, permit, deadlineMs });
      const cancel = clock.after(deadlineMs + STUCK_MS, () => end('it let a deadline pass'));
      return promise.finally(cancel);
    },
    kill: () => end('it was ended'),
  };
}

type Ears = { onSaid: (said: Said) => void; kill: (reason: string) => void };

const MOST_COMPLAINT = 8_000;

/** The last whole line without secrets; a line whose beginning was cut off is left out, it could be half of one. */
function lastLine(complaint: string): string {
  const lines = redact(complaint.trimEnd()).split('\n');
  const isCut = lines.length === 1 && complaint.length >= MOST_COMPLAINT;
  return isCut ? '' : clip(inert(lines.at(-1)?.trim() ?? ''), 200);
}

/** Passes on what the child says; resolves when the child is gone, with how it went. */
function listen(child: ChildProcessWithoutNullStreams, { onSaid, kill }: Ears): Promise<string> {
  const hear = (line: string): void => {
    const said = readLine(Said, line);
    if (said === undefined) kill('it said what was not agreed');
    else onSaid(said);
  };
  child.stdout.setEncoding('utf8').on(
    'data',
    lineCutter(hear, () => kill('it said too much')),
  );
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint = `${complaint}${text}`.slice(-MOST_COMPLAINT);
  });
  // A write to a child that is gone: its end says all there is to say.
  child.stdin.on('error', () => {});
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(`it could not be started: ${inert(error.message)}`));
    child.once('close', (code, signal) => {
      const last = lastLine(complaint);
      resolve(`it ended with ${signal ?? `code ${code}`}${last === '' ? '' : `: ${last}`}`);
    });
  });
}
