import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openFileLog } from '#audit/file-log.ts';
import type { MemoryLogOptions } from '#audit/memory-log.ts';
import { sha256 } from '#core/hash.ts';
import { readFact } from '#incidents/entry.ts';
import { createWebhook } from '#intake/webhook.ts';
import { inProcess } from '#tests/journeys/in-process.ts';
import { measureCards } from './page/cards.ts';
import { median } from './page/median.ts';
import type { BenchResult } from './result.ts';

const ACTION_MS = 5;
const CARD_MS = 300;
const LONGEST_MS = 5_000;
const TOKEN = 'token-of-the-bench';
/** What the log writes for a step of an incident: a line, and a checkpoint. */
const RAW_BYTES = 860;

/**
 * From the moment that the bytes of a page are there to the coordinator's first action (its intent is durable), with the
 * log on disk and the rules as model; and to the card in Slack, through a whole server and Slack's own library. Beside
 * the first stands what the same number of bare durable writes takes on this disk in the same minute.
 */
export async function run({ quick }: { quick: boolean }): Promise<BenchResult> {
  const runs = quick ? 20 : 200;
  const seen: Seen[] = [];
  for (let made = 0; made < runs; made += 1) {
    const one = await onePage();
    if (one !== undefined) seen.push(one);
  }
  const of = (pick: (one: Seen) => number): number => median(seen.map(pick));
  const [action, ack, floor, commits] = [
    of(({ actionMs }) => actionMs),
    of(({ ackMs }) => ackMs),
    of(({ floorMs }) => floorMs),
    of((one) => one.commits),
  ];
  const cards = await measureCards(quick ? 5 : 30);
  const card = median(cards.tookMs);
  const met = (ms: number, target: number): string =>
    `(target <= ${target} ms: ${ms <= target ? 'met' : 'NOT met'})`;
  return {
    lines: [
      `page -> recorded and answered, p50 of ${runs}         ${ack.toFixed(1)} ms`,
      `page -> coordinator's first action, p50 of ${runs}    ${action.toFixed(1)} ms  ${met(action, ACTION_MS)}`,
      `the same ${commits} durable writes alone, p50          ${floor.toFixed(1)} ms  (ratio ${(action / floor).toFixed(1)})`,
      `page -> card in Slack, p50 of ${cards.asked}                ${card.toFixed(0)} ms  ${met(card, CARD_MS)}`,
    ],
    figures: {
      runs,
      actionUs: Math.round(1000 * action),
      ackUs: Math.round(1000 * ack),
      floorUs: Math.round(1000 * floor),
      commits,
      cardMs: Math.round(card),
    },
    wrong: [
      ...(seen.length === runs ? [] : [`${seen.length} of ${runs} pages led to an action`]),
      ...(cards.tookMs.length === cards.asked
        ? []
        : [`${cards.tookMs.length} of ${cards.asked} pages led to a card`]),
    ],
  };
}

type Seen = { actionMs: number; ackMs: number; floorMs: number; commits: number };

/** Undefined when the coordinator did nothing. */
async function onePage(): Promise<Seen | undefined> {
  const dir = mkdtempSync(join(tmpdir(), 'firebreak-bench-'));
  try {
    const openLog = async (options: MemoryLogOptions) => openFileLog({ ...options, dir: join(dir, 'data') });
    const run = await inProcess({ openLog });
    const webhook = createWebhook({
      sources: [{ id: 'generic', format: 'generic', auth: { kind: 'bearer', tokens: [sha256(TOKEN)] } }],
      clock: run.clock,
      onAlert: (delivery) => run.firebreak.deliver(delivery),
      onRefused: async () => {},
      onIgnored: async () => {},
      isSeen: () => false,
    });
    const page = { name: 'HighErrorRate', service: 'checkout', severity: 'critical', environment: 'demo' };
    const raw = Buffer.from(JSON.stringify(page));
    let commits = 0;
    let acted = 0;
    run.log.subscribe((entries) => {
      if (acted > 0) return;
      commits += 1;
      const facts = entries.map(readFact);
      if (facts.some((one) => one?.kind === 'tool.intended' && one.body.caller === 'agent:coordinator'))
        acted = performance.now();
    });
    const began = performance.now();
    const answer = await webhook.receive({
      ...{ source: 'generic', authorization: `Bearer ${TOKEN}`, raw, peer: '127.0.0.1', correlation: 'c-1' },
    });
    const answered = performance.now();
    while (acted === 0 && performance.now() - began < LONGEST_MS) await nextTurn();
    const floorMs = bareWrites(join(dir, 'raw'), commits);
    await run.firebreak.close();
    await run.log.close();
    return acted === 0 || answer.status !== 202
      ? undefined
      : { actionMs: acted - began, ackMs: answered - began, floorMs, commits };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** How long as many durable writes take that do nothing else. */
function bareWrites(path: string, count: number): number {
  const fd = openSync(path, 'w');
  const bytes = Buffer.alloc(RAW_BYTES, 'x');
  const began = performance.now();
  for (let n = 0; n < count; n += 1) {
    writeSync(fd, bytes, 0, bytes.length, n * bytes.length);
    fdatasyncSync(fd);
  }
  const took = performance.now() - began;
  closeSync(fd);
  return took;
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
