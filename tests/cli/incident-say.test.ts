import { expect, test } from 'vitest';
import { openFileLog } from '#audit/file-log.ts';
import { realRandom } from '#core/clock.ts';
import { story } from '../views/a-story.ts';
import { aPlace } from './a-context.ts';
import { aServer, type Says } from './a-server.ts';

const token = { token: 'fbk_secret' };
const takes: Says = ({ path, body }) => ({
  body: { incident: path.split('/').at(-1), by: 'alice', verb: JSON.parse(body).verb },
});

test.each([
  [['take', 'inc-1'], { verb: 'take' }, 'INC-1 is yours'],
  [['pause', 'INC-1'], { verb: 'pause' }, 'INC-1 is paused'],
  [['resume', 'INC-1'], { verb: 'resume' }, 'INC-1 goes on'],
  [['resolve', 'INC-1'], { verb: 'resolve', resolution: 'by_hand' }, 'fixed by hand'],
  [
    ['resolve', 'INC-1', '--nothing-wrong'],
    { verb: 'resolve', resolution: 'nothing_wrong' },
    'nothing was wrong',
  ],
  [
    ['verdict', 'INC-1', '--right'],
    { verb: 'verdict', right: true, cause: null, service: null },
    'was right',
  ],
  [
    ['verdict', 'INC-1', '--wrong', '--cause', 'memory leak', '--service', 'Inventory'],
    { verb: 'verdict', right: false, cause: 'memory_leak', service: 'inventory' },
    'was wrong',
  ],
])('incidents %j sends exactly %j', async (argv, body, line) => {
  using place = aPlace();
  await using server = await aServer(place.data, takes);
  const { exit, out } = await place.run(['incidents', ...argv], token);
  expect({ exit, text: out.join('\n').includes(line) }).toEqual({ exit: 0, text: true });
  expect(server.seen.map((seen) => [seen.method, seen.path, JSON.parse(seen.body)])).toEqual([
    ['POST', '/v1/incidents/INC-1', body],
  ]);
});

test('what the server refuses is said in its words and with the id to find it by, with exit code 1', async () => {
  using place = aPlace();
  await using _server = await aServer(place.data, () => ({
    status: 409,
    body: { error: 'bob has INC-1', correlation: 'c-1234' },
  }));
  const { exit, err } = await place.run(['incidents', 'take', 'INC-1'], token);
  expect({ exit, err }).toEqual({
    exit: 1,
    err: ['bob has INC-1 (c-1234)'],
  });
});

test.each([
  [['verdict', 'INC-1']],
  [['verdict', 'INC-1', '--right', '--wrong']],
  [['verdict', 'INC-1', '--wrong', '--cause', 'gremlins']],
  [['verdict', 'INC-1', '--wrong', '--service', '../x']],
  [['take', 'nonsense']],
])('incidents %j is wrong usage, and nothing is sent', async (argv) => {
  using place = aPlace();
  await using server = await aServer(place.data, takes);
  expect((await place.run(['incidents', ...argv], token)).exit).toBe(2);
  expect(server.seen).toEqual([]);
});

test('the draft of a postmortem is written from the log, each line with its entries', async () => {
  using place = aPlace();
  let now = 0;
  const clock = {
    now: () => now,
    mono: () => now,
    sleep: async () => undefined,
    after: () => () => undefined,
  };
  const log = await openFileLog({ dir: place.data, clock, random: realRandom });
  for (const { at, draft } of story()) {
    now = at;
    await log.append([draft]);
  }
  await log.close();
  const { exit, out } = await place.run(['incidents', 'show', 'INC-1', '--postmortem']);
  expect(exit).toBe(0);
  expect(out[0]).toMatch(/^# Postmortem of INC-1: .*\(draft\)$/);
  const bullets = out.filter((line) => line.startsWith('- ') && line !== '- None in the log.');
  expect(bullets.length).toBeGreaterThan(10);
  for (const line of bullets) expect(line).toMatch(/#\d+/);
});
