import { createHash, createPublicKey, verify } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

// A second verifier, written from docs/log-format.md alone and slowly on purpose: it shares no line with the first one.

const sha256 = (...parts: readonly Uint8Array[]): Buffer => {
  const digest = createHash('sha256');
  for (const part of parts) digest.update(part);
  return digest.digest();
};

/** RFC 6962 2.1, as it stands there. */
export function treeHash(leaves: readonly Buffer[]): Buffer {
  const [only] = leaves;
  if (only === undefined) return sha256();
  if (leaves.length === 1) return sha256(Buffer.from([0]), only);
  const k = largestPowerBelow(leaves.length);
  return sha256(Buffer.from([1]), treeHash(leaves.slice(0, k)), treeHash(leaves.slice(k)));
}

/** RFC 6962 2.1.1: PATH(m, D[n]). */
export function auditPath(m: number, leaves: readonly Buffer[]): Buffer[] {
  if (leaves.length <= 1) return [];
  const k = largestPowerBelow(leaves.length);
  return m < k
    ? [...auditPath(m, leaves.slice(0, k)), treeHash(leaves.slice(k))]
    : [...auditPath(m - k, leaves.slice(k)), treeHash(leaves.slice(0, k))];
}

/** RFC 6962 2.1.2: PROOF(m, D[n]). */
export function consistencyPath(m: number, leaves: readonly Buffer[], whole = true): Buffer[] {
  if (m === leaves.length) return whole ? [] : [treeHash(leaves)];
  const k = largestPowerBelow(leaves.length);
  return m <= k
    ? [...consistencyPath(m, leaves.slice(0, k), whole), treeHash(leaves.slice(k))]
    : [...consistencyPath(m - k, leaves.slice(k), false), treeHash(leaves.slice(0, k))];
}

function largestPowerBelow(n: number): number {
  return 2 ** (Math.ceil(Math.log2(n)) - 1);
}

export type OracleVerdict = { good: true; entries: number; root: string } | { good: false; why: string };

type Line = { text: string; bytes: Buffer };
type Group = { lines: Line[]; note: string };

/** Reads a log folder whole and judges it by the definition of each rule. */
export function oracle(dir: string): OracleVerdict {
  try {
    return judge(dir);
  } catch (error) {
    return { good: false, why: error instanceof Error ? error.message : String(error) };
  }
}

function judge(dir: string): OracleVerdict {
  const segments = readdirSync(dir)
    .filter((name) => /^\d{8}\.jsonl$/.test(name))
    .sort();
  insist(segments.length > 0, 'no log');
  for (const [at, name] of segments.entries())
    insist(name === `${String(at).padStart(8, '0')}.jsonl`, 'segment missing');
  const groups: Group[] = [];
  let tail: Buffer = Buffer.alloc(0);
  for (const name of segments) {
    insist(tail.length === 0, 'a segment does not end with a checkpoint');
    tail = readGroups(readFileSync(join(dir, name)), groups);
  }
  const lines = groups.flatMap((group) => group.lines);
  const entries = lines.map(({ text }, seq) => entryOf(text, seq));
  judgeOrder(entries);
  judgeKeys(dir, groups, entries);
  judgePayloads(dir, entries);
  judgeTail(tail, lines.length);
  const root = treeHash(lines.map(({ bytes }) => bytes)).toString('hex');
  return { good: true, entries: lines.length, root };
}

/** Splits at newlines; what stands behind the last checkpoint is given back. */
function readGroups(bytes: Buffer, groups: Group[]): Buffer {
  let lines: Line[] = [];
  let [from, sealed] = [0, 0];
  for (let at = 0; at < bytes.length; at += 1) {
    if (bytes[at] !== 10) continue;
    const line = bytes.subarray(from, at);
    const text = line.toString('utf8');
    from = at + 1;
    if (text.startsWith('{"checkpoint":')) {
      const parsed: { checkpoint: string } = JSON.parse(text);
      insist(
        `{"checkpoint":${JSON.stringify(parsed.checkpoint)}}` === text,
        'checkpoint in another spelling',
      );
      insist(lines.length > 0, 'empty group');
      groups.push({ lines, note: parsed.checkpoint });
      lines = [];
      sealed = from;
    } else lines.push({ text, bytes: line });
  }
  return bytes.subarray(sealed);
}

type Ref = { id: string; segment: number; at: number; bytes: number; sha256: string };
type OracleEntry = { seq: number; ts: number; kind: string; body: Record<string, unknown>; payloads: Ref[] };

const MEMBERS = 'actor body kind payloads seq streams traceId ts v';

function entryOf(text: string, seq: number): OracleEntry {
  insist(Buffer.byteLength(text) <= 16_384, 'line too long');
  const entry: OracleEntry = JSON.parse(text);
  insist(rewrite(entry) === text, 'not canonical');
  const members = Object.keys(entry)
    .filter((name) => name !== 'incidentId' && name !== 'sessionId')
    .join(' ');
  insist(members === MEMBERS, 'members are not those of an entry');
  insist(entry.seq === seq, 'sequence number');
  return entry;
}

/** The one spelling: members in order of UTF-16 code units, no white space, whole numbers. */
function rewrite(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(rewrite).join(',')}]`;
  if (typeof value === 'number') insist(Number.isSafeInteger(value), 'not a whole number');
  if (typeof value === 'string') insist(value.normalize('NFC') === value && value.isWellFormed(), 'text');
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${rewrite(member)}`).join(',')}}`;
}

function judgeOrder(entries: readonly OracleEntry[]): void {
  for (const [at, { ts }] of entries.entries()) insist(ts >= (entries[at - 1]?.ts ?? 0), 'time goes back');
}

/** Each checkpoint is over all lines before it, signed by the key that the entries before its group name. */
function judgeKeys(dir: string, groups: readonly Group[], entries: readonly OracleEntry[]): void {
  let key = readFileSync(join(dir, 'log.pub'), 'utf8').trim();
  const [origin = ''] = key.split('+');
  const [opened] = entries;
  insist(opened?.kind === 'log.opened' && opened.body.origin === origin, 'not opened');
  insist(opened?.body.publicKey === key, 'opened with another key');
  const leaves: Buffer[] = [];
  for (const { lines, note } of groups) {
    leaves.push(...lines.map(({ bytes }) => bytes));
    const text = `${origin}\n${leaves.length}\n${treeHash(leaves).toString('base64')}\n`;
    insist(isSigned(text, note, key), 'checkpoint');
    const group = entries.slice(leaves.length - lines.length, leaves.length);
    group.forEach(({ kind, body }, at) => {
      if (kind !== 'log.key_rotated') return;
      insist(at === group.length - 1, 'a key change is not the last of its group');
      insist(typeof body.newKey === 'string' && body.newKey.startsWith(`${origin}+`), 'a key of another log');
      insist(body.newKey !== key, 'a key change to the same key');
      key = String(body.newKey);
    });
  }
}

/** The note must be the text, an empty line and the one spelling of one signature line. */
function isSigned(text: string, note: string, key: string): boolean {
  const [name = '', id = '', ...rest] = key.split('+');
  const raw = Buffer.from(rest.join('+'), 'base64');
  const hash = sha256(Buffer.from(`${name}\n`), raw).subarray(0, 4);
  const start = `${text}\n\u2014 ${name} `;
  if (hash.toString('hex') !== id || raw[0] !== 1 || !note.startsWith(start)) return false;
  const signature = Buffer.from(note.slice(start.length).trimEnd(), 'base64');
  if (note !== `${start}${signature.toString('base64')}\n`) return false;
  if (!signature.subarray(0, 4).equals(hash)) return false;
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: raw.subarray(1).toString('base64url') };
  return verify(null, Buffer.from(text), createPublicKey({ key: jwk, format: 'jwk' }), signature.subarray(4));
}

/** Frames lie one behind the other from the beginning of segment 0 on; a segment may only be left at its end. */
function judgePayloads(dir: string, entries: readonly OracleEntry[]): void {
  let [segment, at] = [0, 0];
  for (const ref of entries.flatMap(({ payloads }) => payloads)) {
    if (ref.segment !== segment) {
      insist(
        ref.segment === segment + 1 && fileOf(dir, segment).length === at,
        'payload segment is left early',
      );
      [segment, at] = [segment + 1, 0];
    }
    insist(ref.at === at, 'payloads do not follow each other');
    const frame = fileOf(dir, segment).subarray(at, at + ref.bytes);
    insist(frame.length === ref.bytes && sha256(frame).toString('hex') === ref.sha256, 'payload');
    at += ref.bytes;
  }
}

function fileOf(dir: string, segment: number): Buffer {
  const path = join(dir, `payloads-${String(segment).padStart(8, '0')}`);
  return existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
}

/** Behind the last checkpoint: whole entries, then at most the beginning of one more line. */
function judgeTail(tail: Buffer, seq: number): void {
  const lines = tail.toString('latin1').split('\n');
  const cut = lines.pop() ?? '';
  let next = seq;
  for (const text of lines) {
    entryOf(Buffer.from(text, 'latin1').toString('utf8'), next);
    next += 1;
  }
  const starts = ['{"actor":', '{"checkpoint":'];
  insist(
    starts.some((start) => cut.startsWith(start) || start.startsWith(cut)),
    'what is behind the end',
  );
  for (let length = 1; length < cut.length; length += 1)
    insist(
      !isObject(Buffer.from(cut.slice(0, length), 'latin1').toString('utf8')),
      'something behind a whole line',
    );
}

function isObject(text: string): boolean {
  if (!text.endsWith('}')) return false;
  try {
    return typeof JSON.parse(text) === 'object';
  } catch {
    return false;
  }
}

function insist(condition: boolean, why: string): asserts condition {
  if (!condition) throw new Error(why);
}
