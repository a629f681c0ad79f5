import { spawn, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { realClock } from '#core/clock.ts';
import { sha256 } from '#core/hash.ts';
import { root } from '#tests/tree.ts';

/** A `firebreak serve` with the least that a config can say: nothing but the log makes it slow or large. */
export type Served = {
  /** From the start of the process until it answered `ready`. */
  readonly readyMs: number;
  readonly pid: number;
  /** Waits until the log is verified, then a moment. */
  idle(): Promise<{ verifiedMs: number; entries: number }>;
  stop(): Promise<void>;
};

const TOKEN = 'fbk_a-token-of-a-measurement';
const CONFIG = `listen: {host: 127.0.0.1, port: 0}
environment: demo
default_owner: team-shop
teams: [{id: team-shop, name: Shop}]
people:
  - {id: olga, name: Olga, token: "sha256:${sha256(TOKEN)}", roles: [viewer]}
services: []
`;
const LIMIT_MS = 120_000;
/** The runtime gives room back some seconds after it fell idle. */
const SETTLE_MS = 12_000;
const POLL_MS = 5;

const ServerFile = z.looseObject({ url: z.string(), pid: z.number() });
const Status = z.looseObject({ log: z.looseObject({ verified: z.string(), entries: z.number() }) });

/** Starts a server over a data directory and waits until it is ready. Throws when it is not within two minutes. */
export async function serve(dir: string, dataDir: string): Promise<Served> {
  const config = join(dir, 'firebreak.yaml');
  writeFileSync(config, CONFIG, { mode: 0o600 });
  const began = performance.now();
  const args = [join(root, 'cli/main.ts'), 'serve', '--config', config, '--data-dir', dataDir];
  const child = spawn(process.execPath, args, { stdio: 'ignore' });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const url = await until(async () => {
    const file = readServerFile(dataDir);
    if (file === undefined || file.pid !== child.pid) return undefined;
    return (await fetch(`${file.url}/readyz`)).ok ? file.url : undefined;
  });
  const readyMs = performance.now() - began;
  return {
    readyMs,
    pid: child.pid ?? 0,
    idle: async () => {
      const entries = await until(async () => {
        const answer = await fetch(`${url}/v1/status`, { headers: { authorization: `Bearer ${TOKEN}` } });
        const { log } = Status.parse(await answer.json());
        return log.verified === 'verified' ? log.entries : undefined;
      }, 50);
      const verifiedMs = performance.now() - began;
      await realClock.sleep(SETTLE_MS);
      return { verifiedMs, entries };
    },
    stop: async () => {
      child.kill('SIGTERM');
      await exited;
    },
  };
}

/** Resident memory of a process in MB. */
export function residentMb(pid: number): number {
  const { stdout } = spawnSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' });
  return Number(stdout.trim()) / 1024;
}

/** Asks again until there is an answer; a question that fails has none yet. */
async function until<T>(ask: () => Promise<T | undefined>, everyMs = POLL_MS): Promise<T> {
  const end = performance.now() + LIMIT_MS;
  while (performance.now() < end) {
    const answer = await ask().catch(() => undefined);
    if (answer !== undefined) return answer;
    await realClock.sleep(everyMs);
  }
  throw new Error(`firebreak serve did not answer within ${LIMIT_MS} ms`);
}

function readServerFile(dataDir: string): z.infer<typeof ServerFile> | undefined {
  try {
    return ServerFile.parse(JSON.parse(readFileSync(join(dataDir, 'server.json'), 'utf8')));
  } catch {
    return undefined;
  }
}
