import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { realClock } from '#core/clock.ts';
import { type Entry, followEntries } from '#demo/entry-stream.ts';
import { type Fault, inject, restore } from '#demo/faults.ts';
import { type FirebreakHome, writeFirebreakHome } from '#demo/firebreak-config.ts';
import { type FirebreakProcess, startFirebreak } from '#demo/firebreak-process.ts';
import type { ServiceName } from '#demo/shop/plan.ts';
import { type Shop, startShop } from '#demo/shop.ts';
import { page } from '#tests/journeys/page.ts';

/** One page, from the moment it was sent, ms; null where there was none within the time. */
export type Found = {
  /** First answered call of an agent: the first piece of evidence. */
  readonly evidenceMs: number | null;
  /** The monitor's report: what is wrong, since when, how wide. */
  readonly findingMs: number | null;
  /** The diagnosis' report: ranked hypotheses. */
  readonly hypothesesMs: number | null;
};

const ROUNDS: readonly { fault: Fault; service: ServiceName; alertname: string }[] = [
  { fault: 'bad-deploy', service: 'checkout', alertname: 'HighErrorRate' },
  { fault: 'stuck-pool', service: 'inventory', alertname: 'HighLatency' },
  { fault: 'dead-dependency', service: 'gateway', alertname: 'InstanceDown' },
];
const SERVERS = 4;
const WARM_MS = 10_000;
const BROKEN_MS = 6_000;
const LIMIT_MS = 15_000;
export const RUNS = ROUNDS.length * SERVERS;

/**
 * Breaks a shop of real processes several times and pages several Firebreaks, one after the other, each a process that
 * knew the shop before. Nothing is approved. Everything is stopped and removed after.
 */
export async function timeToCause(): Promise<Found[]> {
  const dir = mkdtempSync(join(tmpdir(), 'firebreak-bench-'));
  const shop = await startShop({ dir: join(dir, 'shop') });
  try {
    const found: Found[] = [];
    for (const [index, round] of ROUNDS.entries()) {
      found.push(...(await measureRound(join(dir, `round-${index}`), shop, round)));
      await restore(shop);
    }
    return found;
  } finally {
    await shop.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

type Running = { home: FirebreakHome; server: FirebreakProcess };

async function measureRound(dir: string, shop: Shop, round: (typeof ROUNDS)[number]): Promise<Found[]> {
  const running: Running[] = [];
  try {
    for (let i = 0; i < SERVERS; i += 1) {
      const home = writeFirebreakHome(join(dir, String(i)), shop, { approverName: 'alice' });
      running.push({ home, server: await startFirebreak(home) });
    }
    await realClock.sleep(WARM_MS);
    await inject(round.fault, round.service, shop);
    await realClock.sleep(BROKEN_MS);
    const found: Found[] = [];
    for (const one of running) found.push(await measurePage(one, round));
    return found;
  } finally {
    await Promise.all(running.map(({ server }) => server.stop()));
  }
}

async function measurePage(one: Running, about: { alertname: string; service: string }): Promise<Found> {
  const entries: Entry[] = [];
  const stop = new AbortController();
  const done = Promise.withResolvers<void>();
  const following = followEntries(one.server, one.home.viewerToken, {
    signal: stop.signal,
    onEntry: (entry) => {
      entries.push(entry);
      if (isReport(entry, 'diagnosis') || entry.kind === 'incident.escalated') done.resolve();
    },
  });
  const sent = realClock.now();
  await page(one, about);
  const cancel = realClock.after(LIMIT_MS, () => done.resolve());
  await done.promise;
  cancel();
  stop.abort();
  await following;
  const since = (fits: (entry: Entry) => boolean): number | null => {
    const entry = entries.find(fits);
    return entry === undefined ? null : entry.ts - sent;
  };
  return {
    evidenceMs: since(
      ({ kind, actor, body }) => kind === 'tool.finished' && actor.id === 'monitor' && body.outcome === 'ok',
    ),
    findingMs: since((entry) => isReport(entry, 'monitor')),
    hypothesesMs: since((entry) => isReport(entry, 'diagnosis')),
  };
}

function isReport({ kind, body }: Entry, role: 'monitor' | 'diagnosis'): boolean {
  return kind === 'run.settled' && body.role === role && body.outcome === 'reported';
}
