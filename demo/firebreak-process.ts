import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { realClock } from '#core/clock.ts';
import { FirebreakError } from '#core/errors.ts';
import type { FirebreakHome } from './firebreak-config.ts';

const CLI = fileURLToPath(new URL('../cli/main.ts', import.meta.url));
const START_MS = 15_000;
const STOP_MS = 5_000;

/** Firebreak as its own process: its arguments are a config and a data folder, its environment is empty. */
export type FirebreakProcess = {
  readonly url: string;
  readonly pid: number;
  kill(): Promise<void>;
  stop(): Promise<void>;
};

const ServerFile = z.object({ url: z.string(), pid: z.int() });

/** Starts `firebreak serve` and waits until it answers. Throws FirebreakError with what it said when it does not. */
export async function startFirebreak(home: FirebreakHome): Promise<FirebreakProcess> {
  const args = [CLI, 'serve', '--until-stdin-ends', '--config', home.config, '--data-dir', home.data];
  const child = spawn(process.execPath, args, { cwd: home.dir, env: {}, stdio: ['pipe', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = `${said}${text}`.slice(-4000);
  });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const url = await ready(home, child, () => said);
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    await exited;
    clearTimeout(timer);
  };
  return { url, pid: child.pid ?? 0, kill: () => end('SIGKILL'), stop: () => end('SIGTERM') };
}

async function ready(home: FirebreakHome, child: ChildProcess, said: () => string): Promise<string> {
  const until = realClock.now() + START_MS;
  while (realClock.now() < until && child.exitCode === null) {
    const file = readServerFile(join(home.data, 'server.json'));
    if (file !== undefined && file.pid === child.pid && (await answers(file.url))) return file.url;
    await realClock.sleep(30);
  }
  child.kill('SIGKILL');
  throw new FirebreakError(
    'server_unreachable',
    `firebreak serve did not start: ${said().trim().split('\n').slice(-3).join(' ')}`,
  );
}

function readServerFile(path: string): z.infer<typeof ServerFile> | undefined {
  try {
    return ServerFile.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return undefined;
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/healthz`)).ok;
  } catch {
    return false;
  }
}

/** Runs one command of the CLI in a process of its own; gives its exit code and what it printed. */
export async function firebreak(
  args: readonly string[],
): Promise<{ code: number; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [CLI, ...args], { env: {}, stdio: ['ignore', 'pipe', 'pipe'] });
  const out = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out.stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    out.stderr += text;
  });
  const code = await new Promise<number>((resolve) => child.once('close', (status) => resolve(status ?? 1)));
  return { code, ...out };
}
