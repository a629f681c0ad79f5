import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sha256 } from '#core/hash.ts';
import { IncidentId } from '#core/ids.ts';
import type { Accepted, Delivery, Refusal } from '#intake/delivery.ts';
import { MAX_BODY_BYTES, verifyDelivery, type WebhookSource } from '#intake/verify-delivery.ts';
import { createWebhook } from '#intake/webhook.ts';
import { FakeClock } from '#tests/fakes/fake-clock.ts';

const TOKEN = 'correct-horse-battery';
const bearer = (token: string) => ({ kind: 'bearer', tokens: [sha256(token)] }) as const;
const source: WebhookSource = { id: 'alertmanager', format: 'alertmanager', auth: bearer(TOKEN) };
const generic: WebhookSource = { id: 'generic', format: 'generic', auth: bearer('another') };
const unasked = { onIgnored: async () => {}, isSeen: () => false };
const INC = IncidentId.parse('INC-1');
const good = JSON.stringify({ alerts: [{ status: 'firing', labels: { alertname: 'A' } }] });

function setUp(answer: () => Promise<Accepted> = async () => ({ kind: 'accepted', incidents: [INC] })) {
  const deliveries: Delivery[] = [];
  const refusals: Refusal[] = [];
  const webhook = createWebhook({
    sources: [source, generic],
    clock: new FakeClock(),
    onAlert: (delivery) => {
      deliveries.push(delivery);
      return answer();
    },
    onRefused: async (refusal) => void refusals.push(refusal),
    ...unasked,
  });
  const post = (
    body: string | Uint8Array,
    over: { source?: string; authorization?: string | undefined } = {},
  ) =>
    webhook.receive({
      source: 'alertmanager',
      authorization: `Bearer ${TOKEN}`,
      raw: typeof body === 'string' ? Buffer.from(body) : body,
      peer: '127.0.0.1',
      correlation: 'c-1',
      ...over,
    });
  return { webhook, post, deliveries, refusals };
}

test('a delivery is answered with its incidents once it was made durable', async () => {
  const { post, deliveries } = setUp();
  expect(await post(good)).toEqual({ status: 202, body: { incidents: [INC], alerts: 1, skipped: 0 } });
  expect(deliveries).toMatchObject([
    { source: 'alertmanager', via: 'webhook', key: sha256(good), bytes: good.length },
  ]);
});

test('a delivery that concerns no incident is answered with 200', async () => {
  const { post } = setUp(async () => ({ kind: 'accepted', incidents: [] }));
  expect(await post(good)).toMatchObject({ status: 200, body: { incidents: [] } });
});

test('what could not be made durable is answered with 503, also when recording throws', async () => {
  expect(await setUp(async () => ({ kind: 'unavailable' })).post(good)).toMatchObject({ status: 503 });
  expect(await setUp(() => Promise.reject(new Error('disk'))).post(good)).toMatchObject({ status: 503 });
});

test.each([
  ['no header', undefined],
  ['an empty header', ''],
  ['another token', 'Bearer correct-horse-batterz'],
  ['a token that begins right', `Bearer ${TOKEN}x`],
  ['the token of another source', 'Bearer another'],
  ['basic authentication', `Basic ${TOKEN}`],
  ['the hash of the token', `Bearer ${sha256(TOKEN)}`],
])('a delivery with %s is refused, recorded and never read', async (_, authorization) => {
  const { post, deliveries, refusals } = setUp();
  expect(await post('{{{', { authorization })).toMatchObject({
    status: 401,
    body: { reason: 'unauthenticated' },
  });
  expect(refusals).toEqual([
    { source: 'alertmanager', reason: 'unauthenticated', peer: '127.0.0.1', bytes: 3, correlation: 'c-1' },
  ]);
  expect(deliveries).toEqual([]);
});

test.each([
  ['not JSON', '{"alerts":', 400, 'syntax'],
  ['empty', '', 400, 'syntax'],
  ['with a key twice', '{"alerts":[],"alerts":[]}', 400, 'duplicate_key'],
  ['with a prototype key', '{"__proto__":{}}', 400, 'forbidden_key'],
  ['nested too deeply', '['.repeat(40) + ']'.repeat(40), 400, 'too_deep'],
  ['of too many values', `[${'0,'.repeat(60_000)}0]`, 400, 'too_many_nodes'],
  ['without alerts', '{"alerts":[]}', 422, 'no_alerts'],
  ['of another shape', '"page"', 422, 'not_an_object'],
])('a body %s is refused with the reason', async (_, body, status, reason) => {
  const { post, refusals } = setUp();
  expect(await post(body)).toMatchObject({ status, body: { reason } });
  expect(refusals).toMatchObject([{ reason }]);
});

test('bytes that are not UTF-8 are refused', async () => {
  expect(await setUp().post(Uint8Array.of(0x22, 0xff, 0x22))).toMatchObject({
    status: 400,
    body: { reason: 'not_utf8' },
  });
});

test('an oversized body is refused before anything else is looked at', async () => {
  const { post } = setUp();
  const body = new Uint8Array(MAX_BODY_BYTES + 1);
  expect(await post(body, { authorization: undefined })).toMatchObject({ status: 413 });
});

test('an unknown source is refused and its name is shortened for the log', async () => {
  const { post, refusals } = setUp();
  expect(await post(good, { source: `x\n${'y'.repeat(500)}` })).toMatchObject({ status: 404 });
  expect(refusals[0]?.source).toHaveLength(40);
});

test('a refusal stands when it cannot be recorded', async () => {
  const deps = {
    sources: [source],
    clock: new FakeClock(),
    onAlert: async () => ({ kind: 'unavailable' }) as const,
    ...unasked,
  };
  const webhook = createWebhook({ ...deps, onRefused: () => Promise.reject(new Error('disk')) });
  const answer = await webhook.refuse(
    { source: 'alertmanager', peer: '127.0.0.1', correlation: 'c-2' },
    'oversized',
  );
  expect(answer).toMatchObject({ status: 413 });
});

test('a full delivery with many labels is read', async () => {
  const labels = Object.fromEntries(Array.from({ length: 12 }, (_, n) => [`label${n}`, 'v']));
  const alerts = Array.from({ length: 900 }, (_, n) => ({
    labels: { ...labels, alertname: `A${n}` },
    value: 0.5,
  }));
  expect(await setUp().post(JSON.stringify({ alerts }))).toMatchObject({
    status: 202,
    body: { alerts: 900 },
  });
});

test('whatever bytes and headers come in, verification answers and never throws', () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.json().map((text) => Buffer.from(text)),
    fc
      .string({ unit: 'binary' })
      .map((text) => Buffer.from(JSON.stringify({ alerts: [{ labels: { alertname: text } }] }))),
  );
  const header = fc.oneof(fc.constant(`Bearer ${TOKEN}`), fc.string(), fc.constant(undefined));
  fc.assert(
    fc.property(bytes, header, (raw, authorization) => {
      const answer = verifyDelivery({ raw, authorization }, source, 1_000);
      if (answer.kind === 'verified') expect(authorization).toBe(`Bearer ${TOKEN}`);
    }),
    { numRuns: 500 },
  );
});
