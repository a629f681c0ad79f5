import { type ChildProcess, spawn } from 'node:child_process';
import type { Clock } from '#core/clock.ts';
import { messageOf } from '#core/errors.ts';
import { clip, inert } from '#core/inert.ts';
import { REDACTED, redact } from '#core/redact.ts';
import type { Secret } from '#core/secret.ts';
import type { ChangeOutcome } from './ports.ts';
import { inspectProgram } from './program-file.ts';
import { isAsApproved, type ProgramDriver, type ProgramOrder } from './program-port.ts';

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
 * of the named values only, a process group of its own that is killed when it ends or the signal aborts. What it says is kept inert,
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
  if (!isAsApproved(order, seen.digest))
    return {
      kind: 'refused',
      reason: 'generation',
      detail: 'the command is another one than people approved',
    };
  const values = new Map<string, string>();
  for (const [name, ref] of order.env) {
    const secret = deps.secretOf(ref);
    if (typeof secret === 'string') return no(secret);
    values.set(name, secret.reveal());
  }
  if (signal.aborted) return no('stopped before it was started');
  const started = deps.clock.mono();
  // Not by a name that can be made to mean another file after it was looked at.
  const child = begun(seen.real, args, environmentOf(values));
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

/** Collects what a child says, each stream by itself so that neither cuts what the other says in two; the function gives it. */
function hear(child: ChildProcess): () => readonly string[] {
  const texts = [child.stdout, child.stderr].map((stream) => {
    const held = { text: '' };
    stream?.setEncoding('utf8').on('data', (part: string) => {
      if (held.text.length < HELD) held.text += part.slice(0, HELD - held.text.length);
    });
    stream?.on('error', () => {});
    return held;
  });
  return () => texts.map(({ text }) => text);
}

type Ended =
  | { readonly kind: 'not_started'; readonly why: string }
  | { readonly kind: 'ended'; readonly code: number | null; readonly why: string };

/** How a child ended. Its group is killed when it has, when the signal aborts, and when this process exits. */
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
    // What it left behind in its group ends with it: nobody would hold that to a deadline any more.
    kill();
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

/** What was said on each stream, one after the other, without secrets. */
function cleaned(texts: readonly string[], secrets: readonly string[]): string {
  const known = secrets.filter((one) => one !== '').toSorted((one, other) => other.length - one.length);
  const plain = texts.map((text) =>
    redact(known.reduce((rest, secret) => rest.replaceAll(secret, REDACTED), text)),
  );
  return clip(inert(plain.join('')), KEPT);
}
