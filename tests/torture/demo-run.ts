import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import type { RunResult } from '#demo/run.ts';
import type { Scenario } from '#demo/scenarios.ts';
import type { Command } from '../journeys/without-network.ts';
import { root } from '../tree.ts';
import { judge, type Verdict } from './judge.ts';

/** What `demo --json` prints for one run, as far as it is judged. */
const Printed = z
  .tuple([
    z.object({
      scenario: z.string(),
      expected: z.enum(['recovered', 'by_hand', 'nothing_wrong', 'escalated', 'denied']).nullable(),
      outcome: z.string(),
      culprit: z.string().nullable(),
      brokenService: z.string().nullable(),
      actions: z.array(z.string()),
      verified: z.boolean(),
      mode: z.enum(['rules', 'model']),
      modelCalls: z.int().min(0),
      usdMicros: z.int().min(0),
      ms: z.number(),
    }),
  ])
  .transform(([result]): RunResult => result);

/** A run that takes longer is ended and counts as one without a result. */
const LIMIT_MS = 240_000;
const GRACE_MS = 15_000;

export type DemoRun = {
  readonly name: string;
  readonly scenario: Scenario;
  readonly options: readonly string[];
  /** Wraps the command, for instance to take the network away. */
  readonly within?: (command: Command) => Command;
};
export type Judged = { readonly name: string; readonly verdict: Verdict; readonly ms: number };

/** Runs one `demo` in a process of its own, judges it, and removes what it left. */
export async function runDemo({
  name,
  scenario,
  options,
  within = (same) => same,
}: DemoRun): Promise<Judged> {
  const dir = mkdtempSync(join(tmpdir(), 'firebreak-torture-'));
  const log = join(dir, 'log');
  const began = performance.now();
  const cli = [
    join(root, 'cli/main.ts'),
    'demo',
    ...options,
    '--approve-as',
    'alice',
    '--json',
    '--keep',
    log,
  ];
  try {
    const stdout = await output(within({ file: process.execPath, args: cli }));
    const printed = Printed.safeParse(parseJson(stdout.trim().split('\n').at(-1) ?? ''));
    const verdict = await judge(scenario, printed.data, log);
    return { name, verdict, ms: performance.now() - began };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** What a process printed, whatever its exit code; the demo ends its own processes when it is told to stop. */
async function output({ file, args }: Command): Promise<string> {
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  const timers = [
    setTimeout(() => child.kill('SIGTERM'), LIMIT_MS),
    setTimeout(() => child.kill('SIGKILL'), LIMIT_MS + GRACE_MS),
  ];
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  await new Promise<void>((resolve, reject) => {
    child.once('close', () => resolve());
    child.once('error', reject);
  }).finally(() => {
    for (const timer of timers) clearTimeout(timer);
  });
  return stdout;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
