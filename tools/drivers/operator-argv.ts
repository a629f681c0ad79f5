import { type ChildProcess, spawn } from 'node:child_process';
import type { Clock } from '#core/clock.ts';
import { messageOf } from '#core/errors.ts';
import { clip, inert } from '#core/inert.ts';
import { REDACTED, redact } from '#core/redact.ts';
import type { Secret } from '#core/secret.ts';
import type { ChangeOutcome } from './ports.ts';
import { inspectProgram } from './program-file.ts';
import type { ProgramDriver, ProgramOrder } from './program-port.ts';

/** What is kept of what a program says; the rest is read and dropped. */
const KEPT = 8_000;
/** So much more is held while secrets are looked for, so that none is cut in two and missed. */
const HELD = KEPT + 16_000;
/** A process that left the group may hold the ends open for ever: nobody waits for it. */
const DRAIN_MS = 200;

export type ProgramDeps = {
  readonly clock: Clock;
  /** The value that a reference names, or what is wrong with it. */
  readonly secretOf: (ref: string) => Secret | string;
};

/**
 * Runs programs, for the process that makes changes alone. No shell, no standard input, `/` as its folder, an environment
 * of the named values only, a process group of its own that is killed when the signal aborts. What it says is kept inert,
 * without the values that it was given and without what looks like a secret. Exit code 0 is done; anything else, and
 * whatever was ended, is unknown: a program may have changed something before it failed.
 */
export function createProgramRunner(deps: ProgramDeps): ProgramDriver {
  return { inspect: inspectProgram, run: (order, signal) => run(deps, order, signal) };
}

async function run(deps: ProgramDeps, order: ProgramOrder, signal: AbortSignal): Promise<ChangeOutcome> {
  const [program = '', ...args] = order.argv;
  const seen = inspectProgram(program);
  if (seen.kind === 'problem') return no(seen.why);
  const values = new Map<string, string>();
  for (const [name, ref] of order.env) {
    const secret = deps.secretOf(ref);
    if (typeof secret === 'string') return no(secret);
    values.set(name, secret.reveal());
  }
  if (signal.aborted) return no('stopped before it was started');
  const started = deps.clock.mono();
  const child = begun(program, args, environmentOf(values));
  if (typeof child === 'string') return no(child);
  const said = hear(child);
  const ended = await endOf(child, { clock: deps.clock, signal });
  const output = cleaned(said(), [...values.values()]);
  if (ended.kind === 'not_started') return no(ended.why);
  if (ended.code !== 0)
    return {
      kind: 'unknown',
      detail: ended.why,
      output,
      ...(ended.code !== null && { exitCode: ended.code }),
    };
  const tookMs = Math.round(deps.clock.mono() - started);
  return { kind: 'done', generation: 0, tookMs, output, exitCode: 0 };
}

/** The process, or why there is none. */
function begun(program: string, args: readonly string[], env: Record<string, string>): ChildProcess | string {
  try {
    return spawn(program, args, {
      ...{ cwd: '/', env, detached: true, shell: false },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  } catch (error) {
    return inert(messageOf(error));
  }
}

function no(detail: string): ChangeOutcome {
  return { kind: 'refused', reason: 'invalid', detail };
}

/**
 * The named values and nothing else. Node would add its own restrictions as NODE_OPTIONS for what a restricted process
 * starts, unless they are there already; what is there but cannot be listed is not passed on.
 */
function environmentOf(values: ReadonlyMap<string, string>): Record<string, string> {
  const env: Record<string, string> = Object.fromEntries(values);
  if (!values.has('NODE_OPTIONS')) Object.defineProperty(env, 'NODE_OPTIONS', { value: '--permission' });
  return env;
}

/** Collects what a child says, as much as is held; the function gives it. */
function hear(child: ChildProcess): () => string {
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (part: string) => {
      if (text.length < HELD) text += part.slice(0, HELD - text.length);
    });
    stream?.on('error', () => {});
  }
  return () => text;
}

type Ended =
  | { readonly kind: 'not_started'; readonly why: string }
  | { readonly kind: 'ended'; readonly code: number | null; readonly why: string };

/** How a child ended. It is killed with its group when the signal aborts or when this process exits. */
async function endOf(
  child: ChildProcess,
  { clock, signal }: { clock: Clock; signal: AbortSignal },
): Promise<Ended> {
  const kill = (): void => killGroup(child.pid);
  signal.addEventListener('abort', kill, { once: true });
  process.once('exit', kill);
  const { promise, resolve } = Promise.withResolvers<Ended>();
  child.once('error', (error) => {
    if (child.pid === undefined) resolve({ kind: 'not_started', why: inert(error.message) });
  });
  child.once('exit', (code, by) => {
    const why = code === null ? `ended by ${by}` : `exit code ${code}`;
    const told = (): void => resolve({ kind: 'ended', code, why });
    const cancel = clock.after(DRAIN_MS, told);
    child.once('close', () => {
      cancel();
      told();
    });
  });
  try {
    return await promise;
  } finally {
    signal.removeEventListener('abort', kill);
    process.removeListener('exit', kill);
    child.stdout?.destroy();
    child.stderr?.destroy();
  }
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It is gone already.
  }
}

function cleaned(text: string, secrets: readonly string[]): string {
  const lines = secrets
    .filter((one) => one !== '')
    .toSorted((one, other) => other.length - one.length)
    .reduce((rest, secret) => rest.replaceAll(secret, REDACTED), text);
  return clip(inert(redact(lines)), KEPT);
}
