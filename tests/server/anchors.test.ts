import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { parseNotes } from '#audit/kept-checkpoints.ts';
import type { EntryDraft } from '#audit/log.ts';
import { openMemoryLog } from '#audit/memory-log.ts';
import { verifyLog } from '#audit/verify.ts';
import { realRandom } from '#core/clock.ts';
import { readFact } from '#incidents/entry.ts';
import { fileAnchor, startAnchors } from '#server/anchors.ts';
import { serve } from '#server/main.ts';
import { FakeClock } from '../fakes/fake-clock.ts';

function tempDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'firebreak-anchors-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

const draft = (kind: string): EntryDraft => ({
  streams: [],
  traceId: 't',
  actor: { kind: 'system', id: 'test' },
  kind,
  body: {},
});

/** Anchors of a log in memory; `broken` says why the place cannot be reached. */
async function anchored() {
  const clock = new FakeClock();
  const log = await openMemoryLog({ clock, random: realRandom });
  const kept: string[] = [];
  const place: { broken: string | null } = { broken: null };
  const anchor = async (note: string): Promise<void> => {
    if (place.broken !== null) throw new Error(place.broken);
    kept.push(note);
  };
  const anchors = startAnchors({ where: 'elsewhere', anchor, everyMs: 3_600_000, log, clock });
  await clock.advance(0);
  return { clock, log, kept, place, anchors };
}

test('a checkpoint is kept at the start, for each opening, decision and ending, every hour, and at the end', async () => {
  const { clock, log, kept, anchors } = await anchored();
  expect(kept).toHaveLength(1);
  await log.append([draft('tool.finished')]);
  await clock.advance(1000);
  expect(kept).toHaveLength(1);
  for (const kind of ['incident.opened', 'approval.approved', 'incident.resolved']) {
    await log.append([draft(kind)]);
    const { note } = log.checkpoint();
    await clock.advance(1000);
    expect(kept.at(-1)).toBe(note);
  }
  expect(kept).toHaveLength(4);
  await clock.advance(3_600_000);
  expect(kept).toHaveLength(5);
  await log.append([draft('tool.finished')]);
  await anchors.close();
  expect(kept.at(-1)).toBe(log.checkpoint().note);
  await clock.advance(7_200_000);
  expect(kept).toHaveLength(6);
  expect(clock.waiting).toBe(0);
});

test('what was kept is in the log, with its place, size and root', async () => {
  const { log, kept } = await anchored();
  const facts = (await Array.fromAsync(log.read(0))).map(readFact);
  const written = facts.find((fact) => fact?.kind === 'anchor.written');
  expect(written?.body).toMatchObject({ where: 'elsewhere', size: 1 });
  expect(kept[0]).toContain('\n1\n');
});

test('a place that cannot be reached is named, tried again within a minute, and holds nothing up', async () => {
  const { clock, log, kept, place, anchors } = await anchored();
  place.broken = 'no such machine';
  await log.append([draft('incident.opened')]);
  await clock.advance(0);
  expect(anchors.problem()).toBe('a checkpoint could not be kept in elsewhere: no such machine');
  expect(kept).toHaveLength(1);
  place.broken = null;
  await clock.advance(60_000);
  expect(anchors.problem()).toBeNull();
  expect(kept).toHaveLength(2);
});

test('many worthy entries at once make few writes, and the newest is never missed', async () => {
  const { clock, log, kept } = await anchored();
  await Promise.all(Array.from({ length: 50 }, () => log.append([draft('incident.opened')])));
  await clock.advance(0);
  expect(kept.length).toBeLessThan(6);
  expect(kept.at(-1)).toContain('\n52\n');
});

test('a file of notes is only added to, and the log holds all of them', async () => {
  const dir = tempDir();
  const path = join(dir, 'checkpoints');
  const anchor = fileAnchor(path);
  await anchor('first\n');
  await anchor('second\n');
  expect(readFileSync(path, 'utf8')).toBe('first\n\nsecond\n\n');
  await expect(fileAnchor(join(dir, 'nowhere', 'file'))('note\n')).rejects.toThrow();
});

test('a server keeps checkpoints in the file that its config names, and they find a log that was cut', async () => {
  const dir = tempDir();
  const [dataDir, configPath, file] = [join(dir, 'data'), join(dir, 'firebreak.yaml'), join(dir, 'kept')];
  writeFileSync(
    configPath,
    'listen: {port: 0}\ndefault_owner: team-a\nteams: [{id: team-a, name: A}]\nanchors: {file: kept, every: 1h}\n',
  );
  for (let start = 0; start < 2; start += 1) {
    const running = await serve({ configPath, dataDir, version: '0.0.0' });
    await running.stop();
  }
  expect(existsSync(file)).toBe(true);
  const { notes } = parseNotes(readFileSync(file, 'utf8'));
  expect(notes.length).toBeGreaterThanOrEqual(4);
  expect(await verifyLog({ dir: dataDir, against: notes })).toMatchObject({ kind: 'ok' });
  const path = join(dataDir, 'log/00000000.jsonl');
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  const cut = lines.slice(0, lines.findIndex((line) => line.startsWith('{"checkpoint"')) + 1);
  writeFileSync(path, `${cut.join('\n')}\n`);
  expect(await verifyLog({ dir: dataDir })).toMatchObject({ kind: 'ok' });
  expect(await verifyLog({ dir: dataDir, against: notes })).toMatchObject({
    kind: 'bad',
    reason: expect.stringContaining('the end is missing'),
  });
});
