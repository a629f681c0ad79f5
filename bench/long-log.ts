import { z } from 'zod';
import { Plan, planHash } from '#approvals/plan.ts';
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
type Recording = { began: number; entries: Recorded[] };

/**
 * Makes a data directory whose log holds at least `entries` entries: one incident from page to verified repair, as the
 * real code wrote it, repeated under new names for weeks. Nothing is synced, which only the making notices. `perGroup`:
 * how many entries become durable together.
 */
export async function makeLongLog(
  dir: string,
  entries: number,
  perGroup = 1,
): Promise<{ entries: number; incidents: number }> {
  const { began: recordedAt, entries: recorded } = await recordIncident();
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
    const rename = renamer(incident, began - recordedAt);
    // One at a time is as most entries of a run of the demo became durable: each has its own checkpoint.
    for (let first = 0; first < recorded.length; first += perGroup) {
      const group = recorded.slice(first, first + perGroup);
      now = began + (group.at(-1)?.afterMs ?? 0);
      await log.append(group.map(({ draft }) => rename(draft)));
    }
  }
  const size = log.size();
  await log.close();
  return { entries: size, incidents };
}

/** What the log of one incident holds, contents of payloads included. */
async function recordIncident(): Promise<Recording> {
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
  const made = entries.map(async (entry) => ({
    draft: await draftOf(entry, run.log),
    afterMs: entry.ts - first,
  }));
  return { began: first, entries: await Promise.all(made) };
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

/**
 * Makes the entries of another incident out of the recorded ones: its number, its approval's number and its runs are its
 * own, its plan is of its own time, and whatever cites the plan cites the hash of that one.
 */
function renamer(incident: number, shiftMs: number): (draft: EntryDraft) => EntryDraft {
  const start = sha256(`incident ${incident}`).slice(0, 8);
  let hash = { old: 'none', now: 'none' };
  return ({ payloads, ...draft }) => {
    const text = JSON.stringify(draft)
      .replaceAll(/INC-1(?!\d)/g, `INC-${incident}`)
      .replaceAll(/(?<=["\s:])A-1(?!\d)/g, `A-${incident}`)
      .replaceAll(UUID, start)
      .replaceAll(hash.old, hash.now);
    const renamed: EntryDraft = JSON.parse(text);
    if (renamed.kind === 'approval.requested') {
      const { plan, hash: old } = Requested.parse(renamed.body);
      const moved = {
        ...plan,
        createdAt: plan.createdAt + shiftMs,
        expiresAt: plan.expiresAt + shiftMs,
      };
      hash = { old, now: planHash(moved) };
      Object.assign(renamed, { body: { ...renamed.body, plan: moved, hash: hash.now } });
    }
    return { ...renamed, ...(payloads && { payloads }) };
  };
}

const Requested = z.object({ plan: Plan, hash: z.string() });
