import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { parseJson } from '#core/canonical.ts';
import { createHttpDoor, type HttpBody } from '#slack/door.ts';
import { readIncoming } from '#slack/incoming.ts';
import { createSeen } from '#slack/seen.ts';
import { MAX_SLACK_BYTES, signatureRefusal } from '#slack/signature.ts';
import { FakeClock } from '../fakes/fake-clock.ts';
import { requestOf, slackSignature } from '../fakes/slack/http-out.ts';
import type { Envelope } from '../fakes/slack/socket.ts';
import { secretOf } from './rig.ts';

const SECRET = '8f742231b10e8888abcd99yyyzzz85a5';
const OLD = 'the-secret-before-that-one';
const own = { team: 'T0FAKE', app: 'A0FAKE' };

function rig(secrets = [SECRET]) {
  const clock = new FakeClock();
  const parse = vi.fn(parseJson);
  const door = createHttpDoor({ secrets: secrets.map(secretOf), own, clock, parse });
  return { clock, parse, door };
}

const event = {
  ...{ team_id: 'T0FAKE', api_app_id: 'A0FAKE', type: 'event_callback', event_id: 'Ev1' },
  event: { type: 'message', channel: 'C0SHOP', user: 'U0ALICE', ts: '1.000001', text: 'why' },
};
const command = {
  ...{ team_id: 'T0FAKE', api_app_id: 'A0FAKE', command: '/firebreak', text: 'off' },
  ...{ user_id: 'U0ALICE', channel_id: 'C0SHOP', trigger_id: 't1' },
};
const click = {
  ...{ type: 'block_actions', team: { id: 'T0FAKE' }, api_app_id: 'A0FAKE', user: { id: 'U0ALICE' } },
  ...{ channel: { id: 'C0SHOP' }, container: { message_ts: '1.000001' }, trigger_id: 't2' },
  actions: [{ action_id: 'pressed:take', value: '{}' }],
};
const envelopes: readonly [string, Envelope][] = [
  ['event', { type: 'events_api', payload: event }],
  ['command', { type: 'slash_commands', payload: command }],
  ['click', { type: 'interactive', payload: click }],
];

/** A request as Slack would send it at `now`, with what a forger changes. */
function signed(
  raw: string | Buffer,
  { now, secret = SECRET, type = 'application/json' }: { now: number; secret?: string; type?: string },
): HttpBody & { time: string; signature: string } {
  const time = Math.floor(now / 1000);
  const signature = slackSignature(secret, time, Buffer.from(raw));
  return { raw: Buffer.from(raw), contentType: type, time: String(time), signature };
}
const valid = (now: number) => signed(JSON.stringify(event), { now });

describe('what Slack signed is let in', () => {
  test.each(envelopes)('a valid %s', (_, envelope) => {
    const { clock, door } = rig();
    const { raw, contentType } = requestOf(envelope);
    const admitted = door(signed(raw, { now: clock.now(), type: contentType }));
    expect(admitted).toMatchObject({ kind: 'admitted', incoming: { team: 'T0FAKE', user: 'U0ALICE' } });
  });

  test('under either of two secrets, while one takes the place of the other', () => {
    const { clock, door } = rig([SECRET, OLD]);
    for (const secret of [SECRET, OLD])
      expect(door(signed(JSON.stringify({ ...event, s: secret }), { now: clock.now(), secret })).kind).toBe(
        'admitted',
      );
  });

  test.each([-299_000, 0, 299_000])('when the clocks differ by %i ms', async (ms) => {
    const { clock, door } = rig();
    await clock.advance(300_000);
    expect(door(valid(clock.now() + ms)).kind).toBe('admitted');
  });

  test('also the question whether the address is ours', () => {
    const { clock, door } = rig();
    const raw = JSON.stringify({ type: 'url_verification', challenge: 'abc123' });
    expect(door(signed(raw, { now: clock.now() }))).toEqual({ kind: 'challenge', challenge: 'abc123' });
  });
});

type Forged = (request: ReturnType<typeof valid>) => HttpBody;
const flipped = (text: string): string => text.slice(0, -1) + (text.endsWith('0') ? '1' : '0');

describe('what Slack did not sign now is refused before anything of it is parsed', () => {
  test.each<[string, string, Forged]>([
    ['a body that was changed', 'wrong_signature', (one) => ({ ...one, raw: Buffer.from(`${one.raw} `) })],
    ['a truncated body', 'wrong_signature', (one) => ({ ...one, raw: one.raw.subarray(0, -1) })],
    [
      'a body with other line ends',
      'wrong_signature',
      (one) => ({ ...one, raw: Buffer.from(`${one.raw}\r\n`) }),
    ],
    [
      'a re-encoded body',
      'wrong_signature',
      (one) => ({ ...one, raw: Buffer.from(String(one.raw), 'utf16le') }),
    ],
    [
      'a body with a byte order mark',
      'wrong_signature',
      (one) => ({ ...one, raw: Buffer.from(`\ufeff${one.raw}`) }),
    ],
    [
      'a signature that is off by one digit',
      'wrong_signature',
      (one) => ({ ...one, signature: flipped(one.signature) }),
    ],
    [
      'another time under the same signature',
      'wrong_signature',
      (one) => ({ ...one, time: `${Number(one.time) + 1}` }),
    ],
    [
      'a truncated signature',
      'unreadable_signature',
      (one) => ({ ...one, signature: one.signature.slice(0, -1) }),
    ],
    [
      'a signature in capitals',
      'unreadable_signature',
      (one) => ({ ...one, signature: one.signature.toUpperCase() }),
    ],
    [
      'a signature of another version',
      'unreadable_signature',
      (one) => ({ ...one, signature: one.signature.replace('v0', 'v1') }),
    ],
    [
      'two signatures',
      'unreadable_signature',
      (one) => ({ ...one, signature: `${one.signature}, ${one.signature}` }),
    ],
    ['an empty signature', 'unreadable_signature', (one) => ({ ...one, signature: '' })],
    ['no signature', 'not_signed', (one) => ({ ...one, signature: undefined })],
    ['no time', 'not_signed', (one) => ({ ...one, time: undefined })],
    ['a time with a sign', 'unreadable_signature', (one) => ({ ...one, time: `+${one.time}` })],
    ['a time that is no whole number', 'unreadable_signature', (one) => ({ ...one, time: `${one.time}.0` })],
    [
      'a time as hexadecimal',
      'unreadable_signature',
      (one) => ({ ...one, time: `0x${Number(one.time).toString(16)}` }),
    ],
    ['a time before time', 'unreadable_signature', (one) => ({ ...one, time: `-${one.time}` })],
    ['an endless time', 'unreadable_signature', (one) => ({ ...one, time: '9'.repeat(400) })],
  ])('%s', (_, reason, forge) => {
    const { clock, parse, door } = rig();
    expect(door(forge(valid(clock.now())))).toEqual({ kind: 'refused', reason });
    expect(parse).not.toHaveBeenCalled();
  });

  test.each<[string, string, (now: number) => HttpBody]>([
    ['signed with another secret', 'wrong_signature', (now) => signed('{}', { now, secret: 'guess' })],
    ['signed with no secret', 'wrong_signature', (now) => signed('{}', { now, secret: '' })],
    ['older than five minutes', 'too_old', (now) => valid(now - 301_000)],
    ['from more than five minutes ahead', 'from_the_future', (now) => valid(now + 302_000)],
    ['larger than the limit', 'oversized', (now) => signed('x'.repeat(MAX_SLACK_BYTES + 1), { now })],
  ])('one that is %s', (_, reason, make) => {
    const { clock, parse, door } = rig();
    expect(door(make(clock.now()))).toEqual({ kind: 'refused', reason });
    expect(parse).not.toHaveBeenCalled();
  });

  test('the same request twice, also with its signature written under a second secret', () => {
    const { clock, door } = rig([SECRET, OLD]);
    const request = valid(clock.now());
    expect(door(request).kind).toBe('admitted');
    expect(door(request)).toEqual({ kind: 'refused', reason: 'replayed' });
  });

  test('a request of the future is not let in a second time when its time has come', async () => {
    const { clock, door } = rig();
    const request = valid(clock.now() + 299_000);
    expect(door(request).kind).toBe('admitted');
    await clock.advance(598_000);
    expect(door(request)).toEqual({ kind: 'refused', reason: 'replayed' });
  });

  test('an empty secret in the list signs nothing', () => {
    const { clock, door } = rig(['', SECRET]);
    expect(door(signed('{}', { now: clock.now(), secret: '' }))).toEqual({
      kind: 'refused',
      reason: 'wrong_signature',
    });
  });

  test('a secret that was taken away', () => {
    const { clock, door } = rig([SECRET]);
    expect(door(signed('{}', { now: clock.now(), secret: OLD }))).toEqual({
      kind: 'refused',
      reason: 'wrong_signature',
    });
  });
});

describe('what Slack signed but does not say in its way is refused', () => {
  const deep = `{"a":${'['.repeat(40)}${']'.repeat(40)}}`;
  test.each<[string, string, string, string | Buffer]>([
    ['JSON that goes too deep', 'unreadable', 'application/json', deep],
    [
      'a key twice',
      'unreadable',
      'application/json',
      JSON.stringify(event).replace('{', '{"team_id":"T0EVIL",'),
    ],
    [
      'a key that reaches the prototype',
      'unreadable',
      'application/json',
      '{"__proto__":{"team_id":"T0FAKE"}}',
    ],
    ['JSON that is cut off', 'unreadable', 'application/json', '{"team_id":'],
    ['a list', 'unreadable', 'application/json', '[]'],
    ['bytes that are no UTF-8', 'not_utf8', 'application/json', Buffer.from([0x7b, 0xff, 0x7d])],
    [
      'a form with a field twice',
      'unreadable',
      'application/x-www-form-urlencoded',
      'team_id=T0FAKE&team_id=T0EVIL',
    ],
    ['a form whose payload is no JSON', 'unreadable', 'application/x-www-form-urlencoded', 'payload=%7B'],
    ['another content type', 'wrong_type', 'text/plain', JSON.stringify(event)],
    ['another workspace', 'wrong_team', 'application/json', JSON.stringify({ ...event, team_id: 'T0EVIL' })],
    ['another app', 'wrong_app', 'application/json', JSON.stringify({ ...event, api_app_id: 'A0EVIL' })],
    [
      'a challenge that is a page',
      'unreadable',
      'application/json',
      '{"type":"url_verification","challenge":"<b>"}',
    ],
  ])('%s', (_, reason, type, raw) => {
    const { clock, door } = rig();
    const time = Math.floor(clock.now() / 1000);
    const bytes = Buffer.from(raw);
    const signature = slackSignature(SECRET, time, bytes);
    expect(door({ raw: bytes, contentType: type, time: String(time), signature })).toEqual({
      kind: 'refused',
      reason,
    });
  });
});

test('no change of any bit of a signed request is believed', () => {
  fc.assert(
    fc.property(fc.nat(), fc.integer({ min: 0, max: 7 }), (at, bit) => {
      const { clock, door } = rig();
      const request = valid(clock.now());
      const raw = Buffer.from(request.raw);
      raw[at % raw.length] = (raw[at % raw.length] ?? 0) ^ (1 << bit);
      expect(door({ ...request, raw })).toEqual({ kind: 'refused', reason: 'wrong_signature' });
    }),
  );
});

test('what was let in before a restart is not let in again after it, and what is signed later is', async () => {
  const { clock, door } = rig();
  const { raw, contentType } = requestOf({ type: 'slash_commands', payload: command });
  const old = signed(raw, { now: clock.now(), type: contentType });
  expect(door(old)).toMatchObject({ kind: 'admitted' });
  await clock.advance(5_000);
  const restarted = createHttpDoor({ secrets: [secretOf(SECRET)], own, clock });
  expect(restarted(old)).toEqual({ kind: 'refused', reason: 'too_old' });
  expect(restarted(signed(raw, { now: clock.now(), type: contentType }))).toMatchObject({ kind: 'admitted' });
});

test('no time, signature or body makes the check throw, and none of them is believed', () => {
  const seen = createSeen({ keepMs: 1, most: 10 });
  const header = fc.option(fc.string({ maxLength: 80 }), { nil: undefined });
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 50 }), header, header, (raw, time, signature) => {
      const known = { secrets: [secretOf(SECRET)], since: 0, now: 1_767_582_720_000, seen };
      expect(signatureRefusal({ raw, time, signature }, known)).not.toBeUndefined();
    }),
  );
});

test('whatever a body holds, it is read as one of a few things or not at all', () => {
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), fc.record({ ...covers(), event: fc.jsonValue() })), (body) => {
      const incoming = readIncoming(body);
      if (incoming !== undefined)
        expect(['message', 'home', 'command', 'click', 'form', 'other']).toContain(incoming.kind);
    }),
  );
  function covers() {
    return {
      type: fc.constantFrom('event_callback', 'block_actions', 'view_submission'),
      team_id: fc.constant('T0FAKE'),
      api_app_id: fc.constant('A0FAKE'),
    };
  }
});

test('signatures that are kept are forgotten in time, and no flood makes them many', () => {
  const seen = createSeen({ keepMs: 1000, most: 3 });
  expect([seen.add('a', 0), seen.add('a', 1000), seen.add('a', 1001)]).toEqual([true, false, true]);
  for (const key of ['b', 'c', 'd', 'e']) expect(seen.add(key, 1002)).toBe(true);
  expect(seen.add('e', 1002)).toBe(false);
  expect(seen.add('a', 1002)).toBe(true);
});
