import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { parseJson } from '#core/canonical.ts';
import { sha256 } from '#core/hash.ts';
import { type Digest, IncidentId } from '#core/ids.ts';
import { Secret } from '#core/secret.ts';
import type { Delivery, Ignored, Refusal } from '#intake/delivery.ts';
import { MAX_BODY_BYTES, type WebhookSource } from '#intake/verify-delivery.ts';
import { createWebhook, type WebhookRequest } from '#intake/webhook.ts';
import { FakeClock } from '#tests/fakes/fake-clock.ts';
import { signatureOf } from '#tests/fakes/pagerduty/webhooks.ts';

vi.mock('#core/canonical.ts', async (original) => {
  const real = await original<typeof import('#core/canonical.ts')>();
  return { ...real, parseJson: vi.fn(real.parseJson) };
});

const OLD = 'old-secret-of-the-subscription';
const NEW = 'new-secret-of-the-subscription';
const bearer = (...tokens: string[]) =>
  ({ kind: 'bearer', tokens: tokens.map((one) => sha256(one)) }) as const;
const signed = (...secrets: string[]) =>
  ({ kind: 'signature', secrets: secrets.map((one) => new Secret(one)) }) as const;
const sources: readonly WebhookSource[] = [
  { id: 'pagerduty', format: 'pagerduty', auth: signed(OLD, NEW) },
  { id: 'open', format: 'pagerduty', auth: signed('') },
  { id: 'nobody', format: 'pagerduty', auth: signed() },
  { id: 'alertmanager', format: 'alertmanager', auth: bearer(OLD, NEW) },
  { id: 'generic', format: 'generic', auth: bearer(OLD, NEW) },
  { id: 'empty', format: 'generic', auth: bearer('') },
];

let decoded: ReturnType<typeof vi.spyOn>;
beforeEach(() => {
  vi.mocked(parseJson).mockClear();
  decoded = vi.spyOn(TextDecoder.prototype, 'decode');
});
afterEach(() => vi.restoreAllMocks());

function setUp() {
  const clock = new FakeClock();
  const deliveries: Delivery[] = [];
  const refusals: Refusal[] = [];
  const ignored: Ignored[] = [];
  const seen = new Set<Digest>();
  const webhook = createWebhook({
    sources,
    clock,
    onAlert: async (delivery) => {
      deliveries.push(delivery);
      seen.add(delivery.key);
      return { kind: 'accepted', incidents: [IncidentId.parse('INC-1')] };
    },
    onRefused: async (refusal) => void refusals.push(refusal),
    onIgnored: async (one) => void ignored.push(one),
    isSeen: (key) => seen.has(key),
  });
  const post = (request: Partial<WebhookRequest> & { source: string }) =>
    webhook.receive({
      raw: Buffer.from(''),
      authorization: undefined,
      signature: undefined,
      peer: '127.0.0.1',
      correlation: 'c-1',
      ...request,
    });
  return { clock, post, deliveries, refusals, ignored };
}

/** A webhook of PagerDuty about an incident. */
function event(now: number, over: Record<string, unknown> = {}): Buffer {
  const data = {
    id: 'PINC0001',
    type: 'incident',
    status: 'triggered',
    title: 'HighErrorRate checkout',
    incident_key: 'k1',
    created_at: new Date(now - 1000).toISOString(),
    urgency: 'high',
    service: { id: 'PSVC001', summary: 'checkout' },
  };
  const occurred_at = new Date(now).toISOString();
  return Buffer.from(
    JSON.stringify({
      event: { id: '01EVENT1', event_type: 'incident.triggered', occurred_at, data, ...over },
    }),
  );
}

type Attempt = { raw: Uint8Array; signature?: string | undefined; source?: string };
const HOUR = 3_600_000;

/** Every attempt is made of a delivery that would be good. */
const unauthentic: readonly (readonly [string, (good: Buffer) => Attempt])[] = [
  ['no signature', (raw) => ({ raw })],
  ['an empty signature', (raw) => ({ raw, signature: '' })],
  ['a signature under another secret', (raw) => ({ raw, signature: signatureOf(raw, ['guess']) })],
  ['a signature under an empty secret', (raw) => ({ raw, signature: signatureOf(raw, ['']) })],
  ['a signature of another body', (raw) => ({ raw, signature: signatureOf(Buffer.from('{}'), [NEW]) })],
  ['a cut signature', (raw) => ({ raw, signature: signatureOf(raw, [NEW]).slice(0, -1) })],
  ['a longer signature', (raw) => ({ raw, signature: `${signatureOf(raw, [NEW])}0` })],
  ['only the version', (raw) => ({ raw, signature: 'v1=' })],
  ['no version', (raw) => ({ raw, signature: signatureOf(raw, [NEW]).slice(3) })],
  ['another version', (raw) => ({ raw, signature: signatureOf(raw, [NEW]).replace('v1', 'v0') })],
  ['capital hex', (raw) => ({ raw, signature: `v1=${signatureOf(raw, [NEW]).slice(3).toUpperCase()}` })],
  [
    'base64 instead of hex',
    (raw) => ({
      raw,
      signature: `v1=${Buffer.from(signatureOf(raw, [NEW]).slice(3), 'hex').toString('base64')}`,
    }),
  ],
  [
    'too many guesses at once',
    (raw) => ({
      raw,
      signature: [
        signatureOf(
          raw,
          Array.from({ length: 16 }, (_, n) => `g${n}`),
        ),
        signatureOf(raw, [NEW]),
      ].join(),
    }),
  ],
  ['one byte changed', (raw) => ({ raw: Buffer.from(`${raw} `), signature: signatureOf(raw, [NEW]) })],
  ['its end cut off', (raw) => ({ raw: raw.subarray(0, -2), signature: signatureOf(raw, [NEW]) })],
  [
    'the same JSON written anew',
    (raw) => ({
      raw: Buffer.from(JSON.stringify(JSON.parse(raw.toString()), null, 1)),
      signature: signatureOf(raw, [NEW]),
    }),
  ],
  [
    'other bytes for the same text',
    (raw) => ({
      raw: Buffer.from(raw.toString().replace('High', '\\u0048igh')),
      signature: signatureOf(raw, [NEW]),
    }),
  ],
  ['the secret of another source', (raw) => ({ raw, signature: signatureOf(raw, [NEW]), source: 'nobody' })],
  ['an empty secret on both sides', (raw) => ({ raw, signature: signatureOf(raw, ['']), source: 'open' })],
];

test.each(unauthentic)('a webhook with %s is refused before a byte of it is read', async (_, attempt) => {
  const { clock, post, deliveries, refusals, ignored } = setUp();
  const { source = 'pagerduty', ...made } = attempt(event(clock.now()));
  decoded.mockClear();
  expect(await post({ source, ...made })).toMatchObject({ status: 401, body: { reason: 'unauthenticated' } });
  expect(refusals).toMatchObject([{ source, reason: 'unauthenticated' }]);
  expect([deliveries, ignored]).toEqual([[], []]);
  expect(vi.mocked(parseJson)).not.toHaveBeenCalled();
  expect(decoded).not.toHaveBeenCalled();
});

test('a bearer token does not stand in for a signature, nor a signature for a token', async () => {
  const { clock, post } = setUp();
  const raw = event(clock.now());
  const authorization = `Bearer ${NEW}`;
  expect(await post({ source: 'pagerduty', raw, authorization })).toMatchObject({ status: 401 });
  expect(await post({ source: 'generic', raw, signature: signatureOf(raw, [NEW]) })).toMatchObject({
    status: 401,
  });
});

test.each([
  ['the old secret', [OLD]],
  ['the new secret', [NEW]],
  ['both, as while one is changed', [OLD, NEW]],
  ['a third that we do not know as well', ['third', NEW]],
] as const)('a webhook that is signed with %s is taken in, and read only then', async (_, secrets) => {
  const { clock, post, deliveries } = setUp();
  const raw = event(clock.now());
  const answer = await post({ source: 'pagerduty', raw, signature: signatureOf(raw, secrets) });
  expect(answer).toMatchObject({ status: 202 });
  expect(deliveries).toMatchObject([
    { source: 'pagerduty', alerts: [{ page: 'PINC0001', status: 'firing' }] },
  ]);
  expect(vi.mocked(parseJson)).toHaveBeenCalledTimes(1);
});

const deep = (depth: number): unknown => (depth === 0 ? 0 : [deep(depth - 1)]);

test.each([
  ['older than a day', (now: number) => event(now - 24 * HOUR - 1), 422, 'too_old'],
  ['of the future', (now: number) => event(now + 6 * 60_000), 422, 'in_future'],
  ['without a time', (now: number) => event(now, { occurred_at: 'soon' }), 422, 'no_event'],
  ['without a name of its own', (now: number) => event(now, { id: '' }), 422, 'no_event'],
  [
    'about an incident that is none',
    (now: number) => event(now, { data: { id: 'x' } }),
    422,
    'no_readable_alert',
  ],
  ['of another shape', () => Buffer.from('[]'), 422, 'no_event'],
  ['that is no JSON', () => Buffer.from('{"event":'), 400, 'syntax'],
  ['that is no UTF-8', () => Buffer.from([0x22, 0xff, 0x22]), 400, 'not_utf8'],
  ['that is too deep', (now: number) => event(now, { more: deep(40) }), 400, 'too_deep'],
  ['with a key twice', () => Buffer.from('{"event":{},"event":{}}'), 400, 'duplicate_key'],
  ['with a prototype key', () => Buffer.from('{"__proto__":{}}'), 400, 'forbidden_key'],
  ['that is too large', () => Buffer.alloc(MAX_BODY_BYTES + 1, 0x20), 413, 'oversized'],
] as const)('a signed webhook %s is refused with the reason', async (_, make, status, reason) => {
  const { clock, post, deliveries, refusals } = setUp();
  const raw = make(clock.now());
  const answer = await post({ source: 'pagerduty', raw, signature: signatureOf(raw, [NEW]) });
  expect(answer).toMatchObject({ status, body: { reason } });
  expect(refusals).toMatchObject([{ reason }]);
  expect(deliveries).toEqual([]);
});

test('a webhook that was taken in is refused when it comes again, however it is signed', async () => {
  const { clock, post, deliveries, refusals } = setUp();
  const raw = event(clock.now());
  await post({ source: 'pagerduty', raw, signature: signatureOf(raw, [OLD]) });
  await clock.advance(20 * HOUR);
  const again = event(clock.now() - 20 * HOUR, { agent: null });
  for (const body of [raw, again]) {
    const answer = await post({ source: 'pagerduty', raw: body, signature: signatureOf(body, [NEW]) });
    expect(answer).toMatchObject({ status: 409, body: { reason: 'replayed' } });
  }
  expect(deliveries).toHaveLength(1);
  expect(refusals).toHaveLength(2);
});

test('a webhook that comes twice at once is taken in once, and both senders hear the same', async () => {
  const { clock, post, deliveries } = setUp();
  const raw = event(clock.now());
  const one = { source: 'pagerduty', raw, signature: signatureOf(raw, [NEW]) };
  const [first, second] = await Promise.all([post(one), post(one)]);
  expect(first).toMatchObject({ status: 202 });
  expect(second).toEqual(first);
  expect(deliveries).toHaveLength(1);
});

test.each([
  ['a note of a person', { event_type: 'incident.annotated', data: { content: 'x' } }, 'no_alert_in_it'],
  ['a ping', { event_type: 'pagey.ping', data: { message: 'Hello' } }, 'no_alert_in_it'],
  ['an event that nobody knew', { event_type: 'incident.sang' }, 'no_alert_in_it'],
  [
    'a page of our own',
    { data: { id: 'P1', status: 'triggered', incident_key: 'firebreak/INC-1' } },
    'our_own_page',
  ],
])('%s is accepted, recorded as ignored, and opens nothing', async (_, over, reason) => {
  const { clock, post, deliveries, ignored, refusals } = setUp();
  const raw = event(clock.now(), over);
  const answer = await post({ source: 'pagerduty', raw, signature: signatureOf(raw, [NEW]) });
  expect(answer).toEqual({ status: 200, body: { ignored: reason } });
  expect(ignored).toMatchObject([{ source: 'pagerduty', reason, bytes: raw.length }]);
  expect([deliveries, refusals]).toEqual([[], []]);
});

const bodies = {
  alertmanager: '{"alerts":[{"status":"firing","labels":{"alertname":"A"}}]}',
  generic: '{"name":"A"}',
} as const;
const b64 = (text: string): string => Buffer.from(text).toString('base64');

test.each(
  (['alertmanager', 'generic'] as const).flatMap((source) =>
    [
      ['no header', undefined],
      ['an empty header', ''],
      ['an empty token', 'Bearer '],
      ['a guessed token', 'Bearer guess'],
      ['a cut token', `Bearer ${NEW.slice(0, -1)}`],
      ['a longer token', `Bearer ${NEW}x`],
      ['two tokens', `Bearer ${OLD} ${NEW}`],
      ['a list of tokens', `Bearer ${OLD},${NEW}`],
      ['a token in base64', `Bearer ${b64(NEW)}`],
      ['a token in other letters', `Bearer ${NEW.toUpperCase()}`],
      ['an escaped token', `Bearer ${encodeURIComponent(NEW).replaceAll('-', '%2D')}`],
      ['the hash of a token', `Bearer ${sha256(NEW)}`],
      ['basic authentication', `Basic ${b64(`firebreak:${NEW}`)}`],
      ['the token without a scheme', NEW],
    ].map(([how, authorization]) => [source, how, authorization] as const),
  ),
)('a page for %s with %s is refused before a byte of it is read', async (source, _, authorization) => {
  const { post, deliveries, refusals } = setUp();
  const raw = Buffer.from(bodies[source]);
  decoded.mockClear();
  expect(await post({ source, raw, authorization })).toMatchObject({
    status: 401,
    body: { reason: 'unauthenticated' },
  });
  expect(refusals).toMatchObject([{ source, reason: 'unauthenticated' }]);
  expect(deliveries).toEqual([]);
  expect(vi.mocked(parseJson)).not.toHaveBeenCalled();
  expect(decoded).not.toHaveBeenCalled();
});

test.each(
  (['alertmanager', 'generic'] as const).flatMap((source) =>
    (
      [
        ['its end cut off', Buffer.from(bodies[source]).subarray(0, -2), 400, 'syntax'],
        ['a key twice', Buffer.from('{"name":"A","name":"B"}'), 400, 'duplicate_key'],
        ['too much depth', Buffer.from(JSON.stringify({ name: deep(40) })), 400, 'too_deep'],
        ['bytes that are no text', Buffer.from([0xff, 0xfe]), 400, 'not_utf8'],
        ['too many bytes', Buffer.alloc(MAX_BODY_BYTES + 1, 0x20), 413, 'oversized'],
      ] as const
    ).map(([how, raw, status, reason]) => [source, how, raw, status, reason] as const),
  ),
)(
  'an authenticated page for %s with %s is refused with the reason',
  async (source, _, raw, status, reason) => {
    const { post, deliveries, refusals } = setUp();
    const answer = await post({ source, raw, authorization: `Bearer ${NEW}` });
    expect(answer).toMatchObject({ status, body: { reason } });
    expect(refusals).toMatchObject([{ reason }]);
    expect(deliveries).toEqual([]);
  },
);

test.each(['alertmanager', 'generic'] as const)(
  'while the token of %s is changed both are good',
  async (source) => {
    for (const token of [OLD, NEW]) {
      const raw = Buffer.from(bodies[source]);
      expect(await setUp().post({ source, raw, authorization: `Bearer ${token}` })).toMatchObject({
        status: 202,
      });
    }
  },
);

test('an empty token lets nobody in, whoever configured it', async () => {
  for (const authorization of ['Bearer ', 'Bearer', '', undefined])
    expect(await setUp().post({ source: 'empty', authorization })).toMatchObject({ status: 401 });
});
