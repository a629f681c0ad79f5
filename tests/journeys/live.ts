import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { verifyLog } from '#audit/verify.ts';
import { type Entry, followEntries } from '#demo/entry-stream.ts';
import { type FirebreakHome, writeFirebreakHome } from '#demo/firebreak-config.ts';
import { type FirebreakProcess, firebreak, startFirebreak } from '#demo/firebreak-process.ts';
import { type Shop, startShop } from '#demo/shop.ts';
import { page } from './page.ts';

/** Nothing that a test waits for takes longer, also on a busy machine. */
const PATIENCE_MS = 50_000;

/** A shop and the folder of a Firebreak, both of real processes; all of it is gone when the test is. */
export type Live = {
  readonly shop: Shop;
  readonly home: FirebreakHome;
  /** Starts Firebreak over that folder and follows its log from the first entry on. */
  start(): Promise<Following>;
  /** Runs a command of the CLI in a process of its own, as a person with the token of an approver would. */
  command(...args: string[]): Promise<{ code: number; json: unknown }>;
  /** The log as it lies on disk, with every byte of it verified. */
  verified(): Promise<{ kind: 'ok' | 'bad'; entries: Entry[] }>;
};
export type Following = {
  readonly server: FirebreakProcess;
  /** Sends a page as Alertmanager does; gives the HTTP status. */
  page(alertname: string, service: string): Promise<number>;
  /** The first entry that fits, also of those that came already. Rejects when it does not come. */
  seen(fits: (entry: Entry) => boolean): Promise<Entry>;
};

export async function live(): Promise<Live> {
  const dir = mkdtempSync(join(tmpdir(), 'firebreak-live-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const shop = await startShop({ dir: join(dir, 'shop') });
  onTestFinished(() => shop.stop());
  const home = writeFirebreakHome(join(dir, 'firebreak'), shop, { approverName: 'alice' });
  return {
    shop,
    home,
    start: () => start(home),
    command: async (...args) => {
      const where = ['--data-dir', home.data, '--token-file', home.approver.tokenFile, '--json'];
      const { code, stdout } = await firebreak([...args, ...where]);
      return { code, json: JSON.parse(stdout.trim().split('\n').at(-1) ?? 'null') };
    },
    verified: async () => {
      const entries: Entry[] = [];
      const { kind } = await verifyLog({ dir: home.data, onEntry: (entry) => entries.push(entry) });
      return { kind, entries };
    },
  };
}

async function start(home: FirebreakHome): Promise<Following> {
  const server = await startFirebreak(home);
  const stop = new AbortController();
  const entries: Entry[] = [];
  const waiting = new Set<(entry: Entry) => void>();
  const onEntry = (entry: Entry): void => {
    entries.push(entry);
    for (const look of waiting) look(entry);
  };
  const following = followEntries(server, home.viewerToken, { signal: stop.signal, onEntry });
  onTestFinished(async () => {
    stop.abort();
    await following;
    await server.kill();
  });
  return {
    server,
    page: (alertname, service) => page({ server, home }, { alertname, service }),
    seen: (fits) =>
      new Promise((resolve, reject) => {
        const known = entries.find(fits);
        if (known !== undefined) return resolve(known);
        const late = () => reject(new Error(`did not come: ${entries.map(({ kind }) => kind).join(' ')}`));
        const timer = setTimeout(late, PATIENCE_MS);
        const look = (entry: Entry): void => {
          if (!fits(entry)) return;
          clearTimeout(timer);
          waiting.delete(look);
          resolve(entry);
        };
        waiting.add(look);
      }),
  };
}

export const isKind =
  (...kinds: string[]) =>
  ({ kind }: Entry) =>
    kinds.includes(kind);
