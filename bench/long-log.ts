import { realDisk } from '#audit/disk.ts';
import { openFileLog } from '#audit/file-log.ts';
import type { Entry, EntryDraft } from '#audit/log.ts';
import { type Clock, realRandom } from '#core/clock.ts';
import { sha256 } from '#core/hash.ts';
import { createFolds, foldList } from '#server/folds.ts';
import { inProcess } from '#tests/journeys/in-process.ts';

/** Incidents lie so far apart that each is over, and forgotten but for its summary, when the next one opens. */
const APART_MS = 31 * 60_000;
type Recorded = { draft: EntryDraft; afterMs: number };

/**
 * Makes a data directory whose log holds at least `entries` entries: one incident from page to verified repair, as the
 * real code wrote it, repeated under new names for weeks. Nothing is synced, which only the making notices.
 */
export async function makeLongLog(
  dir: string,
  entries: number,
): Promise<{ entries: number; incidents: number }> {
  const recorded = await recordIncident();
  const incidents = Math.ceil(entries / recorded.length);
  const lasts = recorded.at(-1)?.afterMs ?? 0;
  let now = Date.now() - (incidents + 1) * (APART_MS + lasts);
  const clock: Clock = {
    now: () => now,
    mono: () => now,
    sleep: () => Promise.resolve(),
    after: () => () => {},
  };
  const noSync = { sync: () => {}, syncLater: () => Promise.resolve() };
  const folds = foldList(createFolds());
  const log = await openFileLog({ dir, clock, random: realRandom, folds, disk: { ...realDisk, ...noSync } });
  for (let incident = 1; incident <= incidents; incident += 1) {
    const began = now + APART_MS;
    // One at a time, as most entries of a run of the demo became durable: each has its own checkpoint.
    for (const { draft, afterMs } of recorded) {
      now = began + afterMs;
      await log.append([renamed(draft, incident)]);
    }
  }
  const size = log.size();
  await log.close();
  return { entries: size, incidents };
}

/** What the log of one incident holds, contents of payloads included. */
async function recordIncident(): Promise<Recorded[]> {
  const run = await inProcess();
  run.shop.inject('bad-deploy', 'checkout');
  await run.clock.advance(12_000);
  await run.page();
  await run.until(() => run.folds.approvals.all().some((one) => one.state === 'pending'));
  await run.decide('approve');
  await run.until(() => run.incident().resolved !== null);
  await run.firebreak.idle();
  const entries = (await run.entries()).filter(({ kind }) => kind !== 'log.opened');
  const first = entries[0]?.ts ?? 0;
  return Promise.all(
    entries.map(async (entry) => ({ draft: await draftOf(entry, run.log), afterMs: entry.ts - first })),
  );
}

async function draftOf(
  { v: _v, seq: _seq, ts: _ts, payloads, ...rest }: Entry,
  log: {
    payload: (...args: [Entry['incidentId'], Entry['payloads'][number]]) => Promise<Uint8Array | undefined>;
  },
): Promise<EntryDraft> {
  const contents = await Promise.all(payloads.map((ref) => log.payload(rest.incidentId, ref)));
  return {
    ...rest,
    payloads: payloads.map(({ id }, index) => ({ id, content: contents[index] ?? new Uint8Array() })),
  };
}

const UUID = /[0-9a-f]{8}(?=-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})/g;

/** The same entry of another incident: its number, its approval's number and its runs are its own. */
function renamed({ payloads, ...draft }: EntryDraft, incident: number): EntryDraft {
  const start = sha256(`incident ${incident}`).slice(0, 8);
  const text = JSON.stringify(draft)
    .replaceAll(/INC-1(?!\d)/g, `INC-${incident}`)
    .replaceAll(/(?<=["\s:])A-1(?!\d)/g, `A-${incident}`)
    .replaceAll(UUID, start);
  return { ...JSON.parse(text), ...(payloads && { payloads }) };
}
