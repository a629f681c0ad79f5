import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openFileLog } from '#audit/file-log.ts';
import { payloadSegmentName, segmentName } from '#audit/segment-files.ts';
import type { NoteSigner } from '#audit/signed-note.ts';
import { realRandom } from '#core/clock.ts';
import { IncidentId } from '#core/ids.ts';
import { FakeClock } from '#tests/fakes/fake-clock.ts';
import { type Group, groupsOf, segmentsOf, stolenKey, textOf } from './forge.ts';

/** The files of a log folder, as an attacker who can write there sees them. */
export type Files = { segments: Group[][]; payloads: Buffer[]; pub: string };

/** A log that somebody attacks, and what was kept of it elsewhere before. */
export type Victim = {
  readonly files: Files;
  /** The key that signs it, for the attacker who got hold of it. */
  readonly key: NoteSigner;
  readonly publicKey: string;
  /** Its newest checkpoint. */
  readonly note: string;
};

/** A folder that is gone after the work. */
export async function inTemp<T>(work: (dir: string) => Promise<T>): Promise<T> {
  const base = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
  const dir = mkdtempSync(join(base, 'firebreak-tamper-'));
  try {
    return await work(dir);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Some 40 commits of two incidents in several segments, with content in every third entry, some seconds apart. */
export function aVictim(name: string): Promise<Victim> {
  return inTemp(async (dir) => {
    const clock = new FakeClock();
    const log = await openFileLog({ dir, clock, random: realRandom, segmentBytes: 3000 });
    for (let i = 1; i <= 40; i += 1) {
      clock.jump(1000 + i);
      const drafts = Array.from({ length: 1 + (i % 3) }, (_, n) => ({
        streams: [],
        traceId: `trace-${i}`,
        actor: { kind: 'agent', id: 'monitor' } as const,
        incidentId: IncidentId.parse(`INC-${1 + (i % 2)}`),
        kind: 'tool.finished',
        body: { log: name, commit: i, number: n, outcome: 'ok' },
        payloads: n === 0 && i % 3 === 0 ? [{ id: `p${i}`, content: Buffer.from(`content ${i}`) }] : [],
      }));
      await log.append(drafts);
    }
    const { note } = log.checkpoint();
    await log.close();
    const key = stolenKey(dir);
    return { files: readFiles(join(dir, 'log')), key, publicKey: key.verifierKey, note };
  });
}

function readFiles(logDir: string): Files {
  const payloads: Buffer[] = [];
  while (existsSync(join(logDir, payloadSegmentName(payloads.length)))) {
    payloads.push(readFileSync(join(logDir, payloadSegmentName(payloads.length))));
  }
  const segments = segmentsOf(logDir).map((name) => groupsOf(readFileSync(join(logDir, name), 'utf8')));
  return { segments, payloads, pub: readFileSync(join(logDir, 'log.pub'), 'utf8') };
}

/** Whether an attack left everything as it was. */
export function isUntouched({ segments, payloads, pub, raw }: Attacked, { files }: Victim): boolean {
  const textsOf = (of: Files): string =>
    JSON.stringify([of.segments, of.payloads.map((bytes) => bytes.toString('base64')), of.pub]);
  return raw === undefined && textsOf({ segments, payloads, pub }) === textsOf(files);
}

/** What an attacker leaves behind: the files, and raw bytes instead of some of them. */
export type Attacked = Files & { readonly raw?: ReadonlyMap<string, Buffer | null> };

export function writeFiles(logDir: string, { segments, payloads, pub, raw = new Map() }: Attacked): void {
  mkdirSync(logDir, { recursive: true });
  for (const [segment, groups] of segments.entries())
    writeFileSync(join(logDir, segmentName(segment)), textOf(groups));
  for (const [segment, bytes] of payloads.entries())
    writeFileSync(join(logDir, payloadSegmentName(segment)), bytes);
  writeFileSync(join(logDir, 'log.pub'), pub);
  for (const [name, bytes] of raw) {
    if (bytes === null) rmSync(join(logDir, name), { force: true });
    else writeFileSync(join(logDir, name), bytes);
  }
}
