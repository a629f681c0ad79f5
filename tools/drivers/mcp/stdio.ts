import { type ChildProcess, spawn } from 'node:child_process';
import type { ReadBuffer } from '@modelcontextprotocol/sdk/shared/stdio.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import type { JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js';
import type { Clock } from '#core/clock.ts';
import { Secret } from '#core/secret.ts';
import { shortForeign } from '../http-text.ts';
import type { McpPlace } from './settings.ts';

/** A message longer than this ends the connection. */
export const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;
/** Messages without a request of ours in between: more of them end the connection too. */
const MAX_UNASKED = 2000;
/** Lines of a process's own log that are passed on; what comes after them is read and dropped. */
const MAX_LINES = 50;
const MAX_LINE = 2000;
/** How long a process may take to end by itself, and then after it was asked to. */
const END_MS = 500;
const TERM_MS = 1500;

type CommandPlace = Extract<McpPlace, { kind: 'command' }>;
export type StdioDeps = {
  readonly clock: Clock;
  /** A line that the process wrote to its error output: one harmless line. */
  readonly onLine: (line: string) => void;
  /** The connection is ended because the server sends too much. */
  readonly onTooLarge: () => void;
};

/**
 * Starts a server as a process and speaks with it over its standard input and output. It gets the named environment and nothing
 * else, no shell, and a process group of its own, which is ended as a whole. Rejects when it cannot be started.
 *
 * starting -> open (it runs) -> ending (its input is closed; asked to end after 0.5 s, killed 1.5 s later) -> closed. A message that is
 * too long, too many of them, or its own end, leads from open to closed; then what is left of its group is killed at once.
 */
export async function createStdioTransport(place: CommandPlace, deps: StdioDeps): Promise<Transport> {
  const { ReadBuffer, serializeMessage } = await import('@modelcontextprotocol/sdk/shared/stdio.js');
  let child: ChildProcess | null = null;
  const onTooLarge = (): void => {
    deps.onTooLarge();
    if (child !== null) killGroup(child, 'SIGKILL');
  };
  const onMessage = (message: JSONRPCMessage): void => transport.onmessage?.(message);
  const input = new ReadBuffer({ maxBufferSize: MAX_MESSAGE_BYTES });
  const reader = createReader({ input, onMessage, onTooLarge });
  const transport: Transport = {
    start: async () => {
      const started = startProcess(place);
      child = started;
      started.stdout.on('data', reader.take);
      followErrors(started.stderr, deps.onLine);
      started.stdin.on('error', (error) => transport.onerror?.(error));
      // What it started may hold its output open, so its end is not waited for.
      started.on('exit', () => killGroup(started, 'SIGKILL'));
      started.on('close', () => transport.onclose?.());
      await new Promise((resolve, reject) => {
        started.once('spawn', resolve);
        started.once('error', reject);
      });
      started.on('error', (error) => transport.onerror?.(error));
    },
    send: async (message) => {
      // An answer of ours to what the server wants is no reason to hear more from it.
      if ('method' in message && 'id' in message) reader.asked();
      child?.stdin?.write(serializeMessage(message));
    },
    close: async () => {
      if (child !== null) await endProcess(child, deps.clock);
    },
  };
  return transport;
}

type ReaderDeps = {
  readonly input: ReadBuffer;
  readonly onMessage: (message: JSONRPCMessage) => void;
  readonly onTooLarge: () => void;
};

/** Makes messages of bytes until there is too much of either; then it takes nothing more. */
function createReader({ input, onMessage, onTooLarge }: ReaderDeps) {
  let [unasked, ended] = [0, false];
  const end = (): void => {
    ended = true;
    input.clear();
    onTooLarge();
  };
  return {
    /** A request of ours was sent. */
    asked: (): void => {
      unasked = 0;
    },
    take: (bytes: Buffer): void => {
      if (ended) return;
      try {
        input.append(bytes);
      } catch {
        return end();
      }
      for (; unasked <= MAX_UNASKED; unasked += 1) {
        try {
          const message = input.readMessage();
          if (message === null) return;
          onMessage(message);
        } catch {
          // A line that is no message is dropped: whoever waits for an answer in its place has a time limit.
        }
      }
      end();
    },
  };
}

function startProcess({ command, args, env }: CommandPlace) {
  const revealed = [...env].map(([name, value]) => [name, value instanceof Secret ? value.reveal() : value]);
  return spawn(command, args, {
    env: Object.fromEntries(revealed),
    cwd: '/',
    stdio: ['pipe', 'pipe', 'pipe'],
    shell: false,
    detached: true,
  });
}

/** Passes on the first lines and drops the rest, so that the process never waits for its output to be read. */
function followErrors(stream: NodeJS.ReadableStream, onLine: (line: string) => void): void {
  let [rest, lines] = ['', 0];
  stream.on('data', (bytes: Buffer) => {
    if (lines > MAX_LINES) return;
    const parts = (rest + bytes.toString('utf8')).split('\n');
    rest = (parts.pop() ?? '').slice(0, MAX_LINE);
    for (const part of parts) {
      if (lines === MAX_LINES) onLine('it writes more than is passed on');
      else if (lines < MAX_LINES) onLine(shortForeign(part));
      lines += 1;
    }
  });
}

async function endProcess(child: ChildProcess, clock: Clock): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.stdin?.end();
  const cancels = [
    clock.after(END_MS, () => killGroup(child, 'SIGTERM')),
    clock.after(END_MS + TERM_MS, () => killGroup(child, 'SIGKILL')),
  ];
  await ended;
  for (const cancel of cancels) cancel();
  // Something that left the group may hold the other ends.
  child.stdout?.destroy();
  child.stderr?.destroy();
}

/** The process and whatever it started. */
function killGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // Nobody is left.
  }
}
