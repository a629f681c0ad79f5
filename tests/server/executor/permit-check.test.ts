import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { PermitFields } from '#approvals/permit.ts';
import { Permit } from '#approvals/permit.ts';
import { createPermitCheck } from '#server/executor/permit-check.ts';
import { FakeClock } from '#tests/fakes/fake-clock.ts';
import { permits } from './permits.ts';

function setUp() {
  const clock = new FakeClock();
  const { permit, publicKey } = permits(clock, () => 7);
  const check = createPermitCheck({ publicKey, boot: 'boot-1', clock });
  const withFence = (fence: number, target = 'service:checkout') => {
    const { order } = permit().fields;
    return permit({ order: { ...order, fence, change: { tool: 'service_restart', target } } });
  };
  return { clock, permit, publicKey, check, withFence };
}

test('a permit holds once, and a copy of it is the same permit', () => {
  const { check, permit } = setUp();
  const one = permit();
  expect([check(one), check(one), check(structuredClone(one))]).toEqual(['ok', 'used', 'used']);
});

test('a permit holds from its minting to its end, both by the clock of whoever checks', () => {
  const { check, clock, permit } = setUp();
  const [first, second, early] = [permit(), permit(), permit()];
  clock.jump(30_000);
  expect(check(first)).toBe('ok');
  clock.jump(1);
  expect(check(second)).toBe('void');
  clock.jump(-30_002);
  expect(check(early)).toBe('void');
});

test('a permit that was refused is used up: a better moment does not bring it back', () => {
  const { check, clock, permit } = setUp();
  const one = permit();
  clock.jump(31_000);
  expect(check(one)).toBe('void');
  clock.jump(-31_000);
  expect(check(one)).toBe('used');
});

test('a permit of another start, or one that would live too long, is refused', () => {
  const { check, clock, permit } = setUp();
  expect(check(permit({ boot: 'boot-0' }))).toBe('other_start');
  expect(check(permit({ notAfter: clock.now() + 30_001 }))).toBe('void');
});

test('a checker that starts again takes nothing that is older than itself, used or not', () => {
  const { clock, permit, publicKey } = setUp();
  const one = permit();
  clock.jump(1);
  const again = createPermitCheck({ publicKey, boot: 'boot-1', clock });
  expect([again(one), again(permit())]).toEqual(['void', 'ok']);
});

test('a fence below the highest seen for its target is refused; other targets have their own', () => {
  const { check, withFence } = setUp();
  const verdicts = [
    withFence(5),
    withFence(4),
    withFence(5),
    withFence(1, 'service:gateway'),
    withFence(9),
    withFence(8),
  ].map(check);
  expect(verdicts).toEqual(['ok', 'fenced_off', 'ok', 'ok', 'ok', 'fenced_off']);
});

test('a permit that does not hold raises no fence', () => {
  const { check, permit, withFence } = setUp();
  const { order } = permit().fields;
  expect(check(permit({ boot: 'boot-0', order: { ...order, fence: 99 } }))).toBe('other_start');
  expect(check(withFence(5))).toBe('ok');
});

test('any other field than the signed one, and any other signature, is a forgery and uses nothing up', () => {
  const { check, permit } = setUp();
  const real = permit();
  const other: PermitFields = { ...permit().fields, jti: '00000000-0000-4000-8000-000000000000', step: 3 };
  const order = { ...other.order, key: 'other', expectGeneration: 8, fence: 2 };
  const changed: PermitFields = { ...other, order, undo: true, boot: 'boot-2', notAfter: other.notAfter + 1 };
  const names = Object.keys(real.fields).filter(
    (name) => JSON.stringify(Reflect.get(changed, name)) !== JSON.stringify(Reflect.get(real.fields, name)),
  );
  expect(names.toSorted()).toEqual(['boot', 'jti', 'notAfter', 'order', 'step', 'undo']);
  for (const name of names) {
    const fields = { ...real.fields, [name]: Reflect.get(changed, name) };
    expect(check({ ...real, fields })).toBe('forged');
  }
  for (const name of ['key', 'expectGeneration', 'fence'] as const) {
    const fields = { ...real.fields, order: { ...real.fields.order, [name]: order[name] } };
    expect(check({ ...real, fields })).toBe('forged');
  }
  expect(check({ ...real, signature: permit().signature })).toBe('forged');
  expect(check(real)).toBe('ok');
});

test('a signature with any bit turned is a forgery', () => {
  const { check, permit } = setUp();
  const real = permit();
  const bytes = Buffer.from(real.signature, 'base64');
  fc.assert(
    fc.property(fc.nat(bytes.length * 8 - 1), (bit) => {
      const turned = Buffer.from(bytes);
      turned[bit >> 3] = (turned[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      return check({ ...real, signature: turned.toString('base64') }) === 'forged';
    }),
  );
});

test('a permit that travelled as JSON still holds, and one with anything added is none', () => {
  const { check, permit } = setUp();
  const real = permit();
  const text = JSON.stringify(real);
  expect(check(Permit.parse(JSON.parse(text)))).toBe('ok');
  expect(Permit.safeParse({ ...real, more: 1 }).success).toBe(false);
  expect(Permit.safeParse({ ...real, fields: { ...real.fields, more: 1 } }).success).toBe(false);
});
