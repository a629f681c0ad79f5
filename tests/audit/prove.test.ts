import { spawnSync } from 'node:child_process';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { FileLog } from '#audit/file-log.ts';
import { type EntryProof, type GrowthProof, proveEntries, proveEntry, proveGrowth } from '#audit/prove.ts';
import { verifierFile } from '#audit/verifier-file.ts';
import { openNote, parseKey } from './offline.ts';
import { draft, fileLog, incident, tempDir } from './support.ts';

/** A log with one entry per checkpoint. */
async function aLog(entries: number, dir = tempDir()): Promise<FileLog & { dir: string; key: string }> {
  const log = await fileLog(dir, { segmentBytes: 6000 });
  for (let i = 1; i <= entries; i += 1) await log.append([draft({ body: { i }, incidentId: incident(1) })]);
  return { ...log, dir, key: readFileSync(join(dir, 'log/log.pub'), 'utf8').trim() };
}

/** The verifier alone in a folder, run by a Node that finds no packages from there. */
function offline(document: unknown, ...args: string[]): { ok: boolean; out: string } {
  const dir = tempDir();
  copyFileSync(verifierFile, join(dir, 'verify-proof.mjs'));
  writeFileSync(join(dir, 'proof.json'), typeof document === 'string' ? document : JSON.stringify(document));
  const ran = spawnSync(process.execPath, ['verify-proof.mjs', 'proof.json', ...args], {
    cwd: dir,
    encoding: 'utf8',
    env: {},
  });
  expect([0, 1]).toContain(ran.status);
  return { ok: ran.status === 0, out: ran.stdout + ran.stderr };
}

test('an entry is proved offline by one file without Firebreak, and the proof is small beside it', async () => {
  const log = await aLog(40);
  const proof = await proveEntry(log.dir, 17);
  const { ok, out } = offline(proof, '--key', log.key);
  expect(out).toMatch(
    /^entry 17 \(tool\.finished by agent monitor, .*\) is in the log\nlog firebreak\.log\/\w+, 41 entries/,
  );
  expect(ok).toBe(true);
  expect(out).not.toContain('compare it with the one you know');
  expect(offline(proof).out).toContain('compare it with the one you know');
  // 20 hashes are what a million entries need.
  const hashes = proof.proof.split('\n').filter((line) => line.length === 44).length;
  expect(JSON.stringify(proof).length - proof.entry.length + (20 - hashes) * 46).toBeLessThan(2048);
});

test('every entry of a log of every size is proved, the first and the last too', async () => {
  const log = await aLog(0);
  for (let size = 1; size <= 9; size += 1) {
    const seqs = Array.from({ length: size }, (_, seq) => seq);
    const { entries, checkpoint } = await proveEntries(log.dir, seqs);
    expect(checkpoint.size).toBe(size);
    expect(entries.map(({ entry }) => JSON.parse(entry).seq)).toEqual(seqs);
    await log.append([draft()]);
  }
  for (const seq of [0, 9]) expect(offline(await proveEntry(log.dir, seq), '--key', log.key).ok).toBe(true);
});

const changes: Record<string, (proof: EntryProof) => unknown> = {
  'a changed byte of the entry': (proof) => ({ ...proof, entry: proof.entry.replace('"i":7', '"i":8') }),
  'another entry of the log': (proof) => ({ ...proof, entry: proof.entry.replace('"seq":7', '"seq":8') }),
  'another index': (proof) => ({ ...proof, proof: proof.proof.replace('index 7\n', 'index 6\n') }),
  'a hash less': (proof) => ({ ...proof, proof: proof.proof.replace(/(index 7\n)[^\n]+\n/, '$1') }),
  'two hashes swapped': (proof) => ({
    ...proof,
    proof: proof.proof.replace(/(index 7\n)([^\n]+\n)([^\n]+\n)/, '$1$3$2'),
  }),
  'another size': (proof) => ({ ...proof, proof: proof.proof.replace(/\n12\n/, '\n13\n') }),
  'another root': (proof) => ({ ...proof, proof: proof.proof.replace(/(\n12\n).{4}/, '$1AAAA') }),
  'no signature': (proof) => ({ ...proof, proof: proof.proof.replace(/\u2014.*\n$/, '') }),
  'a signature of nothing': (proof) => ({ ...proof, proof: proof.proof.replace(/.{8}\n$/, 'AAAAAA==\n') }),
  'no proof': ({ proof: _, ...rest }) => rest,
  'another format': (proof) => ({ ...proof, format: 'other' }),
  'no JSON': () => 'nothing',
};

test.each(Object.entries(changes))('a proof with %s is refused', async (_name, change) => {
  const log = await aLog(11);
  const { ok, out } = offline(change(await proveEntry(log.dir, 7)), '--key', log.key);
  expect(out).toMatch(/^NOT proved: /);
  expect(ok).toBe(false);
});

test('a proof of another log is refused when the key is known, though it agrees with itself', async () => {
  const [log, other] = [await aLog(3), await aLog(3)];
  const proof = await proveEntry(other.dir, 2);
  expect(offline(proof).ok).toBe(true);
  expect(offline(proof, '--key', log.key).ok).toBe(false);
  expect(offline({ ...proof, key: log.key }).ok).toBe(false);
});

test('a log that grew is proved to begin with what an older checkpoint was signed for', async () => {
  const log = await aLog(5);
  const old = log.checkpoint().note;
  for (let i = 0; i < 8; i += 1) await log.append([draft()]);
  const proof = await proveGrowth(log.dir, old);
  const { ok, out } = offline(proof, '--key', log.key);
  expect(out).toContain('the log only grew, from 6 to 14 entries');
  expect(ok).toBe(true);
  const spoiled: GrowthProof[] = [
    { ...proof, from: log.checkpoint().note },
    { ...proof, from: old.replace(/(\n6\n).{4}/, '$1AAAA') },
    { ...proof, proof: proof.proof.replace('old 6', 'old 5') },
    { ...proof, proof: proof.proof.replace(/(old 6\n)[^\n]+\n/, '$1') },
  ];
  for (const document of spoiled) expect(offline(document, '--key', log.key).ok).toBe(false);
});

test('a proof follows the log through changes of its key, from the first key or any later one', async () => {
  const log = await aLog(2);
  const old = log.checkpoint().note;
  for (let change = 0; change < 3; change += 1) {
    await log.rotateKey('yearly');
    await log.append([draft()]);
  }
  const stolen = await proveEntry(log.dir, 1);
  const keys = stolen.rotations.map(({ entry }) => String(JSON.parse(entry).body.newKey));
  expect(new Set([log.key, ...keys]).size).toBe(4);
  for (const key of [log.key, ...keys]) {
    const { ok, out } = offline(stolen, '--key', key);
    expect(out).toContain(`signed with ${keys[2]}`);
    expect(ok).toBe(true);
  }
  expect(offline(await proveGrowth(log.dir, old), '--key', log.key).ok).toBe(true);
  const [first, second, third] = stolen.rotations;
  const broken = [
    [second, third],
    [first, third],
    [first, second],
    [first, second, { ...third, entry: third?.entry.replace('yearly', 'hourly') }],
    [first, second, { entry: stolen.entry, proof: stolen.proof }],
  ];
  for (const rotations of broken) expect(offline({ ...stolen, rotations }, '--key', log.key).ok).toBe(false);
});

test('right after a change of the key, when the old key has signed last, everything is proved', async () => {
  const log = await aLog(1);
  await log.rotateKey('yearly');
  const path = join(log.dir, 'log/00000000.jsonl');
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  // The change is sealed; the first entry under the new key was not written any more.
  writeFileSync(path, `${lines.slice(0, 6).join('\n')}\n`);
  for (const seq of [0, 1, 2])
    expect(offline(await proveEntry(log.dir, seq), '--key', log.key).ok).toBe(true);
});

test('what cannot be proved is refused with a reason', async () => {
  const log = await aLog(3);
  await expect(proveEntry(log.dir, 4)).rejects.toMatchObject({ code: 'not_found' });
  await expect(proveEntry(tempDir(), 0)).rejects.toMatchObject({ code: 'not_found' });
  const other = await aLog(1);
  await expect(proveGrowth(log.dir, other.checkpoint().note)).rejects.toMatchObject({ code: 'usage' });
  await expect(proveGrowth(log.dir, 'words')).rejects.toMatchObject({ code: 'usage' });
  const later = await aLog(3);
  const note = later.checkpoint().note;
  const path = join(later.dir, 'log/00000000.jsonl');
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  writeFileSync(path, `${lines.slice(0, 4).join('\n')}\n`);
  await expect(proveGrowth(later.dir, note)).rejects.toMatchObject({ code: 'not_found' });
});

test('nothing is proved from a log whose lines do not fit its checkpoint', async () => {
  const log = await aLog(3);
  const path = join(log.dir, 'log/00000000.jsonl');
  writeFileSync(path, readFileSync(path, 'utf8').replace('"i":2', '"i":9'));
  await expect(proveEntry(log.dir, 1)).rejects.toMatchObject({ code: 'log_tampered' });
});

test('the offline verifier reads notes as the Go implementation writes them', () => {
  const key = parseKey('PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW');
  const text =
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
  const note = `${text}\n\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n`;
  // It is a good note, of a text that is no checkpoint.
  expect(() => openNote(note, [key])).toThrow('three lines');
  expect(() => parseKey('PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW')).toThrow(
    'hash',
  );
});

test.each([[[]], [['a', 'b']], [['--key']], [['a', '--key']]])(
  'wrong usage of the verifier ends with 2: %j',
  (args) => {
    const { status, stderr } = spawnSync(process.execPath, [verifierFile, ...args], { encoding: 'utf8' });
    expect(stderr).toContain('usage: node verify-proof.mjs');
    expect(status).toBe(2);
  },
);
