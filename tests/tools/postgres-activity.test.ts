import fc from 'fast-check';
import { expect, test } from 'vitest';
import { lockTree, type Session, summary, type Waiter } from '#tools/drivers/postgres-activity.ts';
import { withoutValues } from '#tools/drivers/statement.ts';

const session = (pid: number, over: Partial<Session> = {}): Session => ({
  ...{ pid, user_name: 'app', app: 'checkout', state: 'active', wait_type: null, wait_event: null },
  ...{ open_s: 1, query_s: 1, state_s: 1, text: 'select 1' },
  ...over,
});
const waiter = (pid: number, ...blocked_by: number[]): Waiter => ({
  pid,
  blocked_by,
  waits_s: pid,
  relation: null,
});

test('who holds up a chain is the one at its end, with all behind it', () => {
  const tree = lockTree(
    [waiter(2, 1), waiter(3, 2), waiter(4, 3, 2), waiter(8, 7)],
    [session(1), session(7)],
  );
  expect(tree).toMatchObject({
    waiting: 4,
    oldestWaitS: 8,
    blockers: [
      { session: 1, waiting: 3 },
      { session: 7, waiting: 1 },
    ],
  });
});

test('sessions that wait for each other have nobody behind it all', () => {
  expect(lockTree([waiter(1, 2), waiter(2, 1)], [])).toMatchObject({ waiting: 2, blockers: [] });
});

test('any graph of waits ends, and no blocker waits itself', () => {
  const waiters = fc.array(
    fc.record({
      pid: fc.integer({ min: 0, max: 9 }),
      by: fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 4 }),
    }),
    { maxLength: 12 },
  );
  fc.assert(
    fc.property(waiters, (edges) => {
      const waits = edges.map(({ pid, by }) => waiter(pid, ...by));
      const ids = new Set(waits.map(({ pid }) => pid));
      for (const { session: pid } of lockTree(waits, []).blockers) expect(ids.has(pid)).toBe(false);
    }),
  );
});

test('sessions are told apart by what they do, and statements are counted together without their values', () => {
  const seen = summary([
    session(1, { text: `select * from orders where id = 1 and name = 'Ann'` }),
    session(2, { text: `select * from orders where id = 22 and name = 'Bo''b'`, query_s: 9 }),
    session(3, { wait_type: 'Lock', wait_event: 'transactionid', text: 'update orders set state = 1' }),
    session(4, { state: 'idle in transaction' }),
    session(5, { state: 'idle' }),
  ]);
  expect(seen).toMatchObject({
    connections: 5,
    byState: { active: 3, idle: 1, idleInTransaction: 1, waitingForLock: 1 },
    waits: [
      { type: 'CPU', sessions: 2 },
      { type: 'Lock', event: 'transactionid', sessions: 1 },
    ],
    queries: [
      { text: 'select * from orders where id = ? and name = ?', sessions: 2, computing: 2, longestS: 9 },
      { text: 'update orders set state = ?', sessions: 1, computing: 0, wait: 'Lock' },
    ],
  });
});

test('a role that may not see what others do says so, instead of that they do nothing', () => {
  expect(summary([session(1, { state: null, text: '<insufficient privilege>' })])).toMatchObject({
    byState: null,
    queries: [],
  });
});

test.each([
  [`select 'secret'`, 'select ?'],
  [`select E'it\\'s secret' , 2`, 'select E?'],
  [`select $tag$secret 'x'$tag$, $$secret$$`, 'select ?, ?'],
  ['insert into t values (1, 2, 3)', 'insert into t values (?)'],
  [`select 1 -- secret\n, /* secret */ x`, 'select ? , x'],
  [`select 'a\\', 'secret'`, 'select ?'],
  [`select "it's", 'secret'`, 'select "it\'s", ?'],
  [`select /* /* */ 'x */ 'secret'`, 'select ?'],
  [`select 'never closed secret`, 'select ?'],
  [`select a1, "b", $1 from t2 where n = -12.5e3`, 'select a1, "b", $1 from t2 where n = ?'],
])('%s is shown without its values', (statement, expected) => {
  expect(withoutValues(statement)).toBe(expected);
});

test('no value of a statement that is put together of quoted parts is ever shown', () => {
  const part = fc.constantFrom(`'`, `''`, 'secret', ' ', ',', '1', '\\', '=', 'x');
  fc.assert(
    fc.property(fc.array(part, { maxLength: 20 }), (parts) => {
      const text = parts.join('').replaceAll(`'`, `''`);
      expect(withoutValues(`select '${text}' as a`)).not.toContain('secret');
    }),
  );
});
