import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { openFileLog } from '#audit/file-log.ts';
import { realRandom } from '#core/clock.ts';
import { sha256 } from '#core/hash.ts';
import { IncidentId } from '#core/ids.ts';
import { story } from '../views/a-story.ts';
import { aPlace, type Place } from './a-context.ts';

const INC = IncidentId.parse('INC-1');
const CONTENT = 'what the tool said: ünïcode\n';

/** The story of one incident with contents in its calls, and entries of another one in between. */
async function logOf(place: Place) {
  let now = 0;
  const clock = {
    now: () => now,
    mono: () => now,
    sleep: async () => undefined,
    after: () => () => undefined,
  };
  const log = await openFileLog({ dir: place.data, clock, random: realRandom });
  for (const [index, { at, draft }] of story().entries()) {
    now = at;
    const payloads =
      draft.kind === 'tool.finished' ? [{ id: `e${index}`, content: Buffer.from(CONTENT) }] : [];
    await log.append([{ ...draft, payloads }]);
    if (index % 5 === 0) await log.append([{ ...draft, incidentId: IncidentId.parse('INC-2') }]);
    if (index === 7) await log.rotateKey('yearly');
  }
  await log.close();
  return readFileSync(join(place.data, 'log/log.pub'), 'utf8').trim();
}

/** Runs the bundle's own verifier on it, on a Node that finds no packages. */
function check(bundle: string, ...args: string[]) {
  const ran = spawnSync(process.execPath, ['verify-proof.mjs', '.', ...args], {
    cwd: bundle,
    encoding: 'utf8',
    env: {},
  });
  expect([0, 1]).toContain(ran.status);
  return { ok: ran.status === 0, out: ran.stdout + ran.stderr };
}

let place: Place;
let key: string;
beforeAll(async () => {
  place = aPlace();
  key = await logOf(place);
  for (const [name, ...more] of [['plain'], ['full', '--with-payloads']])
    await place.run(['incidents', 'export', 'INC-1', '--bundle', name ?? '', ...more]);
  return () => place[Symbol.dispose]();
});

test('a bundle holds the entries of one incident, and checks itself without Firebreak', () => {
  const dir = join(place.dir, 'plain');
  expect(readdirSync(dir).sort()).toEqual([
    'entries.jsonl',
    'log.pub',
    'manifest.json',
    'proofs.json',
    'timeline.md',
    'verify-proof.mjs',
  ]);
  const { ok, out } = check(dir, '--key', key);
  expect(out).toMatch(/^24 entries of INC-1 are in the log, 5 files are as they were written\nlog firebreak/);
  expect(ok).toBe(true);
  const entries = readFileSync(join(dir, 'entries.jsonl'), 'utf8').trimEnd().split('\n');
  expect(new Set(entries.map((line) => JSON.parse(line).incidentId))).toEqual(new Set([INC]));
  expect(readFileSync(join(dir, 'timeline.md'), 'utf8')).toContain('likely  bad deploy of checkout');
});

test('contents are in a bundle only when asked for, and are proved to be those of the log', () => {
  expect(existsSync(join(place.dir, 'plain/payloads'))).toBe(false);
  const dir = join(place.dir, 'full');
  const names = readdirSync(join(dir, 'payloads'));
  const contents = names.filter((name) => name.endsWith('.content'));
  expect(contents.length).toBe(6);
  expect(names.length).toBe(18);
  expect(readFileSync(join(dir, 'payloads', contents[0] ?? ''), 'utf8')).toBe(CONTENT);
  const { ok, out } = check(dir, '--key', key);
  expect(out).toContain('6 contents are what the ciphertexts of the log decrypt to');
  expect(ok).toBe(true);
});

/** Changes one file of a copy and, as a forger would, the manifest with it. */
function forged(name: string, change: (text: Buffer) => Buffer, { manifest = true } = {}): string {
  const dir = join(place.dir, `forged-${sha256(`${name}${change}${manifest}`).slice(0, 12)}`);
  cpSync(join(place.dir, 'full'), dir, { recursive: true });
  const path = join(dir, name);
  writeFileSync(path, change(readFileSync(path)));
  if (!manifest) return dir;
  const listed = JSON.parse(readFileSync(join(dir, 'manifest.json'), 'utf8'));
  for (const file of listed.files) if (file.name === name) file.sha256 = sha256(readFileSync(path));
  writeFileSync(join(dir, 'manifest.json'), JSON.stringify(listed));
  return dir;
}

const replaced = (from: string, to: string) => (bytes: Buffer) =>
  Buffer.from(bytes.toString('utf8').replace(from, to));

test.each([
  ['a changed entry', 'entries.jsonl', replaced('checkout', 'checkput'), { manifest: false }],
  ['a changed entry with its hash', 'entries.jsonl', replaced('checkout', 'checkput'), {}],
  ['an entry left out', 'entries.jsonl', (bytes: Buffer) => bytes.subarray(bytes.indexOf(10) + 1), {}],
  ['a changed page', 'timeline.md', replaced('bad deploy', 'overload'), { manifest: false }],
  ['a change of key left out', 'proofs.json', replaced('"rotations":[', '"rotations":[],"other":['), {}],
  ['a proof of another entry', 'proofs.json', replaced('index 1\\n', 'index 2\\n'), {}],
])('a bundle with %s is refused', (_name, file, change, how) => {
  const { ok, out } = check(forged(file, change, how), '--key', key);
  expect(out).toMatch(/^NOT proved: /);
  expect(ok).toBe(false);
});

test('a bundle with another content is refused, even with the hash for it', () => {
  const name = readdirSync(join(place.dir, 'full/payloads')).find((one) => one.endsWith('.content'));
  for (const change of [() => Buffer.from('lies'), (bytes: Buffer) => bytes.subarray(1)])
    expect(check(forged(`payloads/${name}`, change), '--key', key)).toMatchObject({
      ok: false,
      out: expect.stringContaining('is not what its ciphertext decrypts to'),
    });
});

test('a bundle with a file more or a file less, or whose writing was cut off, is refused', () => {
  const dir = join(place.dir, 'more');
  cpSync(join(place.dir, 'plain'), dir, { recursive: true });
  writeFileSync(join(dir, 'extra.txt'), 'x');
  expect(check(dir).out).toContain('extra.txt is not named in manifest.json');
  rmSync(join(dir, 'extra.txt'));
  expect(check(dir).ok).toBe(true);
  rmSync(join(dir, 'timeline.md'));
  expect(check(dir).ok).toBe(false);
  rmSync(join(dir, 'manifest.json'));
  expect(check(dir).ok).toBe(false);
});

test('what was erased is not in a bundle, and every proof of it still holds', async () => {
  using other = aPlace();
  const known = await logOf(other);
  rmSync(join(other.data, 'keys/incidents/INC-1.key'));
  const { out } = await other.run(['incidents', 'export', 'inc-1', '--bundle', 'b', '--with-payloads']);
  expect(out[0]).toContain('0 contents (6 erased)');
  expect(check(join(other.dir, 'b'), '--key', known).ok).toBe(true);
});

test('a bundle is not written over anything, and needs an incident that is there', async () => {
  const again = await place.run(['incidents', 'export', 'INC-1', '--bundle', 'plain']);
  expect(again).toMatchObject({ exit: 2, err: [expect.stringContaining('is not empty')] });
  expect((await place.run(['incidents', 'export', 'INC-9', '--bundle', 'nine'])).exit).toBe(1);
  expect((await place.run(['incidents', 'export', 'INC-1', '--with-payloads'])).exit).toBe(2);
});
