import { expect, test } from 'vitest';
import { aPlace } from './a-context.ts';
import { aServer } from './a-server.ts';

const token = { token: 'fbk_secret' };
const T0 = Date.UTC(2026, 0, 5, 3, 12, 0);
const HOUR = 3_600_000;

test('maintenance add sends the service, the time as an instant and the reason, and says how to end it', async () => {
  using place = aPlace();
  await using server = await aServer(place.data, () => ({
    body: { id: 'M-3', service: 'checkout', until: T0 + 2 * HOUR },
  }));
  const argv = ['maintenance', 'add', 'checkout', '--until', '2h', '--reason', 'new disk'];
  const { exit, out } = await place.run(argv, token);
  expect(exit).toBe(0);
  expect(out).toEqual([
    'M-3: pages of checkout are recorded and left alone until 2026-01-05 05:12 +00:00',
    'one that still fires then opens an incident; end it earlier: firebreak maintenance end M-3',
  ]);
  expect(server.seen.map(({ method, path, body }) => [method, path, JSON.parse(body)])).toEqual([
    ['POST', '/v1/maintenance', { add: { service: 'checkout', until: T0 + 2 * HOUR, reason: 'new disk' } }],
  ]);
});

test('a time that cannot be read is a mistake of whoever asks, and nothing is sent', async () => {
  using place = aPlace();
  await using server = await aServer(place.data, () => ({ body: {} }));
  const argv = ['maintenance', 'add', 'checkout', '--until', 'soon', '--reason', 'x'];
  const { exit, err } = await place.run(argv, token);
  expect([exit, server.seen]).toEqual([2, []]);
  expect(err.join(' ')).toContain('--until must be like 90m');
});

test('maintenance list shows what is left alone, and end lets it count again', async () => {
  using place = aPlace();
  const row = {
    id: 'M-3',
    service: 'checkout',
    state: 'open',
    begins: null,
    reason: 'new disk',
    by: 'alice',
  };
  const view = { windows: [{ ...row, until: T0 + HOUR, pages: 2 }], silences: [], held: 1 };
  await using server = await aServer(place.data, ({ method }) => ({
    body: method === 'GET' ? view : { id: 'M-3', service: 'checkout', until: T0 },
  }));
  const listed = await place.run(['maintenance', 'list'], token);
  expect(listed.out.join(' ').replace(/\s+/g, ' ')).toBe(
    'M-3 checkout: until 2026-01-05 04:12 +00:00; new disk, by alice; 2 pages left alone 1 page fires now and is left alone',
  );
  const json = await place.run(['maintenance', 'list', '--json'], token);
  expect(JSON.parse(json.out.at(-1) ?? '')).toEqual(view);
  const ended = await place.run(['maintenance', 'end', 'M-3'], token);
  expect(ended.out).toEqual(['M-3 is over: pages of checkout count again']);
  expect(server.seen.at(-1)?.body).toBe(JSON.stringify({ end: 'M-3' }));
});

test('what the server refuses is said in its words', async () => {
  using place = aPlace();
  await using _server = await aServer(place.data, () => ({
    status: 403,
    body: { error: 'longer than a day is for an owner' },
  }));
  const argv = ['maintenance', 'add', 'checkout', '--until', '3d', '--reason', 'x'];
  const { exit, err } = await place.run(argv, token);
  expect(exit).toBe(1);
  expect(err.join(' ')).toContain('longer than a day is for an owner');
});
