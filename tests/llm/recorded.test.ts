import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { CallId } from '#core/ids.ts';
import { Secret } from '#core/secret.ts';
import type { Item } from '#llm/model.ts';
import type { Attempt, Provider, ProviderRequest } from '#llm/provider.ts';
import { type Drift, recordTo, replayFrom } from '#llm/recorded.ts';

const signal = new AbortController().signal;
const tokens = { input: 10, cacheRead: 1, cacheWrite: 2, output: 3 };
const run1 = 'run-0b5c6f0e-1111-4222-8333-444455556666';
const run2 = 'run-9f5c6f0e-9999-4888-8777-666655554444';

function aFile(): string {
  const dir = mkdtempSync(join(tmpdir(), 'firebreak-cassette-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return join(dir, 'tape.jsonl');
}

function asking(over: Partial<ProviderRequest> = {}, text = 'hello'): ProviderRequest {
  const item: Item = { kind: 'input', source: 'brief', value: null, text };
  return { model: 'm', head: 'h', tools: [], items: [item], maxOutputTokens: 100, mustCall: false, ...over };
}

/** Answers one attempt after the other, and counts. */
function saying(...attempts: Attempt[]): Provider & { asked: number } {
  const provider = {
    name: 'live',
    asked: 0,
    attempt: () => {
      const next = attempts[provider.asked++];
      return next === undefined ? Promise.reject(new Error('asked too often')) : Promise.resolve(next);
    },
  };
  return provider;
}

const say = (text: string, args = {}): Attempt => ({
  ...{ kind: 'reply', text, stop: 'tool_use', tokens },
  calls: [{ id: 'c1', tool: 'look', args }],
});

async function replay(file: string, secrets: Secret[] = []) {
  const drifts: Drift[] = [];
  const provider = await replayFrom({ name: 'tape', file, secrets, onDrift: (drift) => drifts.push(drift) });
  return { provider, drifts };
}

test('what was recorded is answered again, in order for equal requests, and marked as recorded', async () => {
  const file = aFile();
  const busy: Attempt = { kind: 'failed', reason: 'overloaded', status: 529, retryAfterMs: 20, tokens: null };
  const live = saying(busy, say('second'), say('other'));
  const recorder = await recordTo(live, { file, secrets: [] });
  for (const request of [asking(), asking(), asking({}, 'else')]) await recorder.attempt(request, signal);
  const { provider, drifts } = await replay(file);
  expect(await provider.attempt(asking({}, 'else'), signal)).toEqual({ ...say('other'), recorded: true });
  expect(await provider.attempt(asking(), signal)).toMatchObject({
    ...busy,
    tokens: { input: 0, output: 0 },
  });
  expect(await provider.attempt(asking(), signal)).toEqual({ ...say('second'), recorded: true });
  expect([live.asked, drifts]).toEqual([3, []]);
});

test.each<[string, Drift['differs'], ProviderRequest]>([
  ['another model', 'model', asking({ model: 'other' })],
  ['another prompt', 'head', asking({ head: 'other' })],
  ['another tool', 'tools', asking({ tools: [{ name: 'x', description: '', schema: {} }] })],
  ['another limit', 'limits', asking({ maxOutputTokens: 7 })],
  ['another item', 'item 1', asking({}, 'bye')],
  ['one item more', 'item 2', asking({ items: [...asking().items, ...asking().items] })],
  ['the same once more', 'repeated', asking()],
])('%s is drift, named, and never asked of a network', async (_, differs, request) => {
  const file = aFile();
  const live = saying(say('once'));
  await (await recordTo(live, { file, secrets: [] })).attempt(asking(), signal);
  const { provider, drifts } = await replay(file);
  await provider.attempt(asking(), signal);
  expect(await provider.attempt(request, signal)).toMatchObject({
    kind: 'failed',
    reason: 'rejected',
    tokens: { input: 0 },
  });
  expect(drifts).toEqual([{ model: request.model, differs, items: request.items.length, nearest: 1 }]);
  expect(live.asked).toBe(1);
});

test('random ids are no drift, and come back as the ids of the new run', async () => {
  const file = aFile();
  const recorder = await recordTo(saying(say(`saw ${run1}`, { child: run1 })), { file, secrets: [] });
  await recorder.attempt(asking({}, `child ${run1} settled`), signal);
  const { provider, drifts } = await replay(file);
  const again = await provider.attempt(asking({}, `child ${run2} settled`), signal);
  expect(again).toMatchObject({ text: `saw ${run2}`, calls: [{ args: { child: run2 } }] });
  expect(drifts).toEqual([]);
});

test('a known secret is nowhere in the file, in no form, nor a secret of a known format, nor what was asked', async () => {
  const file = aFile();
  const key = 'pa"ss wörd/1?2';
  const formats = 'sk-ant-0123456789abcdef0123';
  const said = [
    key,
    JSON.stringify(key),
    encodeURIComponent(key),
    Buffer.from(`x${key}y`).toString('base64'),
    Buffer.from(key).toString('base64'),
    formats,
  ].join(' | ');
  const secrets = [new Secret(key)];
  const result: Item = {
    kind: 'result',
    id: 'c0',
    call: CallId.parse('e1'),
    tool: 'look',
    outcome: 'ok',
    value: key,
    text: `customer Jane ${said}`,
  };
  const request = asking({ items: [result] });
  const recorder = await recordTo(saying(say(said, { note: said, [key]: [said] })), { file, secrets });
  const heard = await recorder.attempt(request, signal);
  expect(heard).toMatchObject({ text: said });
  const kept = readFileSync(file, 'utf8');
  for (const form of [
    key,
    JSON.stringify(key).slice(1, -1),
    encodeURIComponent(key),
    Buffer.from(key).toString('base64').replace(/=+$/, ''),
    formats,
    'Jane',
  ]) {
    expect(kept).not.toContain(form);
  }
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const { provider, drifts } = await replay(file, secrets);
  expect(JSON.stringify(await provider.attempt(request, signal))).toContain('[redacted]');
  expect(drifts).toEqual([]);
});

test('an attempt that we broke off is not kept', async () => {
  const file = aFile();
  const aborted: Attempt = {
    kind: 'failed',
    reason: 'aborted',
    status: null,
    retryAfterMs: null,
    tokens: null,
  };
  const recorder = await recordTo(saying(aborted), { file, secrets: [] });
  expect(await recorder.attempt(asking(), signal)).toEqual(aborted);
  const { provider, drifts } = await replay(file);
  expect(await provider.attempt(asking(), signal)).toMatchObject({ reason: 'rejected' });
  expect(drifts).toMatchObject([{ differs: 'empty' }]);
});

test('attempts at the same time are all kept, each on its line', async () => {
  const file = aFile();
  const recorder = await recordTo(saying(...Array.from({ length: 20 }, (_, i) => say(`${i}`.repeat(4000)))), {
    file,
    secrets: [],
  });
  await Promise.all(Array.from({ length: 20 }, (_, i) => recorder.attempt(asking({}, `q${i}`), signal)));
  const { provider, drifts } = await replay(file);
  const replies = await Promise.all(
    Array.from({ length: 20 }, (_, i) => provider.attempt(asking({}, `q${i}`), signal)),
  );
  expect(replies.map((reply) => reply.kind)).toEqual(Array(20).fill('reply'));
  expect(drifts).toEqual([]);
});

test.each([
  ['', /line 1/],
  ['{"cassette":"firebreak","v":2}\n', /line 1/],
  ['{"cassette":"firebreak","v":1}\nnot json\n', /line 2/],
  ['{"cassette":"firebreak","v":1}\n{"asked":{},"attempt":{}}\n', /line 2.*asked/],
])('a file that is no cassette is refused with its line: %j', async (text, message) => {
  const file = aFile();
  writeFileSync(file, text);
  await expect(replay(file)).rejects.toThrow(message);
});

test('a cassette is never written over', async () => {
  const file = aFile();
  await recordTo(saying(), { file, secrets: [] });
  await expect(recordTo(saying(), { file, secrets: [] })).rejects.toThrow(/EEXIST/);
});
