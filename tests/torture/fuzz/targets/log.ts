import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { z } from 'zod';
import { checkpointLine, noteInLine, parseCheckpoint, signCheckpoint } from '#audit/checkpoint.ts';
import { entryLine, parseEntryLine } from '#audit/entry-line.ts';
import { openPayload, sealPayload } from '#audit/payload-cipher.ts';
import { newSignerKey, parseSignerKey, parseVerifierKey } from '#audit/signed-note.ts';
import { loadFolds, readSnapshot } from '#audit/snapshot.ts';
import { canonical } from '#core/canonical.ts';
import { sha256 } from '#core/hash.ts';
import { Hello, lineCutter, Order, readLine, Said } from '#server/executor/messages.ts';
import { createFolds, foldList } from '#server/folds.ts';
import { decodeItems, decodeToolContent } from '#sessions/items.ts';
import { bytesOf, mustBeSame, read, refused, type Target } from '../target.ts';

const signerKey = newSignerKey('log.example.com', Buffer.alloc(32, 7));
const signer = parseSignerKey(signerKey);
if (signer === undefined) throw new Error('no signer');
const { note } = signCheckpoint(signer, 3, Buffer.alloc(32, 1));
const verifier = parseVerifierKey(signer.verifierKey);
if (verifier === undefined) throw new Error('no verifier');

const entry = canonical({
  ...{
    v: 1,
    seq: 3,
    ts: 1_763_733_600_000,
    streams: ['incident:INC-1'],
    incidentId: 'INC-1',
    traceId: 't-1',
  },
  ...{
    actor: { kind: 'system', id: 'intake' },
    kind: 'incident.opened',
    body: { why: 'é "x"', n: [1, null] },
  },
  payloads: [{ id: 'p1', segment: 0, at: 0, bytes: 10, sha256: sha256('x') }],
});
const key = Buffer.alloc(32, 3);
const frame = sealPayload({ key, id: 'p1', content: Buffer.from('hello'), nonce: Buffer.alloc(12, 1) });
const snapshot = {
  ...{
    format: 3,
    size: 3,
    root: sha256('r'),
    checkpointAt: 10,
    end: { segment: 0, at: 20, line: 2 },
    lastTs: 1,
  },
  ...{ payloadEnd: { segment: 0, at: 0 }, frontier: [sha256('a')], streams: '{}' },
  ...{
    index: [{ seq: 0, place: { segment: 0, at: 0, line: 0 } }],
    folds: [{ name: 'f', version: 1, state: '{}' }],
  },
};
const items = [
  { kind: 'input', source: 'brief', value: { a: [1] }, text: 'look' },
  {
    kind: 'reply',
    text: 'x',
    calls: [{ id: 'c1', tool: 'logs_search', args: { service: 'service:checkout' } }],
  },
  { kind: 'result', id: 'c1', call: 'e1', tool: 'logs_search', outcome: 'ok', content: null },
];

function snapshots(): Target {
  let dir: string | undefined;
  // Somebody who has the key: everything behind the signature is reached.
  const trusting = { ...verifier, name: 'log', key: '', verify: async () => true };
  return {
    name: 'snapshot',
    seeds: [JSON.stringify(snapshot)],
    share: 0.2,
    run: async (input) => {
      dir ??= mkdtempSync(join(tmpdir(), 'firebreak-fuzz-'));
      writeFileSync(join(dir, 'snapshot.json'), bytesOf(`${input}\n`));
      return (await readSnapshot(dir, trusting)) === undefined ? refused() : read();
    },
    close: () => {
      if (dir !== undefined) rmSync(dir, { recursive: true });
    },
  };
}

/** What a signed snapshot says of each fold: it is taken as a whole or not at all. */
function folds(): Target {
  return {
    name: 'states of folds in a snapshot',
    seeds: foldList(createFolds()).map((fold) => JSON.stringify(fold.save())),
    share: 0.1,
    run: (state) => {
      const taken = foldList(createFolds()).filter((fold) =>
        loadFolds([fold], [{ name: fold.name, version: fold.version, state }]),
      );
      return taken.length > 0 ? read() : refused();
    },
  };
}

export const logTargets: readonly Target[] = [
  {
    name: 'log line',
    seeds: [Buffer.from(entry).toString('latin1')],
    run: (input) => {
      const bytes = bytesOf(input);
      const parsed = parseEntryLine(bytes);
      if (parsed.kind === 'bad') return refused(parsed.reason);
      mustBeSame(entryLine(parsed.entry).toString('latin1'), `${bytes.toString('latin1')}\n`);
      return read();
    },
  },
  {
    name: 'checkpoint line',
    seeds: [checkpointLine(note)],
    run: (input) => {
      const found = noteInLine(input);
      if (found === undefined) return refused();
      mustBeSame(checkpointLine(found), input);
      return parseCheckpoint(found) === undefined ? refused() : read();
    },
  },
  {
    name: 'signed note',
    seeds: [note],
    run: async (input) => {
      const parsed = parseCheckpoint(input);
      const isOurs = await verifier.verify(note.split('\n\n')[0] + '\n', input);
      if (isOurs) mustBeSame(input, note);
      return parsed === undefined ? refused() : read();
    },
  },
  {
    name: 'private key text',
    seeds: [signerKey],
    run: (input) => (parseSignerKey(input) ? read() : refused()),
  },
  {
    name: 'public key text',
    seeds: [signer.verifierKey],
    run: (input) => {
      const parsed = parseVerifierKey(input);
      if (parsed === undefined) return refused();
      mustBeSame(parsed.key, input.trim());
      return read();
    },
  },
  {
    name: 'payload frame',
    seeds: [frame.toString('latin1')],
    run: (input) => {
      const opened = openPayload({ key, id: 'p1', frame: bytesOf(input) });
      if (opened === undefined) return refused();
      mustBeSame(opened.toString(), 'hello');
      return read();
    },
  },
  snapshots(),
  folds(),
  {
    name: 'stored transcript',
    seeds: [JSON.stringify({ v: 1, items })],
    run: (input) => (decodeItems(bytesOf(input)) ? read() : refused()),
  },
  {
    name: 'stored tool result',
    seeds: [JSON.stringify({ value: { a: [1, null] }, text: 'x' })],
    run: (input) => (decodeToolContent(bytesOf(input)) ? read() : refused()),
  },
  {
    name: 'line between processes',
    seeds: [
      JSON.stringify({ kind: 'ready' }),
      JSON.stringify({ kind: 'outcome', id: 1, outcome: { kind: 'done', generation: 2, tookMs: 5 } }),
      JSON.stringify({
        kind: 'hello',
        boot: 'b',
        publicKey: 'A'.repeat(43) + '=',
        config: '/x',
        digest: sha256('c'),
      }),
    ],
    run: (input) => {
      const lines: string[] = [];
      const cut = lineCutter(
        (line) => lines.push(line),
        () => lines.push(''),
      );
      cut(`${input}\n`);
      const schemas: readonly z.ZodType[] = [Hello, Order, Said];
      const known = lines
        .slice(0, 20)
        .filter((line) => schemas.some((schema) => readLine(schema, line) !== undefined));
      return known.length > 0 ? read() : refused();
    },
  },
];
