import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openFileLog } from '#audit/file-log.ts';
import { inProcess } from '../journeys/in-process.ts';
import { aPlace } from './a-context.ts';
import { aServer } from './a-server.ts';

/** A bad deploy up to the question, in a real log of the place. */
async function asked(data: string): Promise<void> {
  const run = await inProcess({
    openLog: (options) => openFileLog({ dir: data, ...options }),
  });
  await run.clock.advance(20 * 60_000);
  run.shop.inject('bad-deploy', 'checkout');
  await run.clock.advance(10_000);
  await run.page();
  await run.until(() => run.folds.approvals.all().some(({ state }) => state === 'pending'));
  await run.firebreak.close();
  await run.log.close();
}

const isPng = (path: string): boolean => readFileSync(path).subarray(1, 4).toString() === 'PNG';

test('without a server the picture is drawn from the log itself', async () => {
  using place = aPlace();
  await asked(place.data);
  const { exit, out } = await place.run(['incidents', 'show', 'inc-1', '--png', 'out.png', '--json']);
  const path = join(place.dir, 'out.png');
  expect(exit).toBe(0);
  expect(JSON.parse(out.join())).toEqual({ out: path, bytes: readFileSync(path).length });
  expect(isPng(path)).toBe(true);
  const other = await place.run(['incidents', 'show', 'inc-2', '--png', 'other.png']);
  expect(other).toMatchObject({ exit: 1, out: [] });
  expect(other.err.at(-1)).toBe('INC-2: there is no such incident');
  expect(existsSync(join(place.dir, 'other.png'))).toBe(false);
});

test('a server draws the picture, and what it refuses is not drawn behind its back', async () => {
  using place = aPlace();
  await using server = await aServer(place.data, ({ path }) =>
    path === '/v1/incidents/INC-1/picture'
      ? { body: 'bytes as they came' }
      : { status: 404, body: { error: 'INC-2: there is no picture: its signal was not measured' } },
  );
  const token = { token: 'fbk_x' };
  const { out } = await place.run(['incidents', 'show', 'INC-1', '--png', 'out.png'], token);
  expect(out).toEqual([`written: ${join(place.dir, 'out.png')}, 18 bytes`]);
  expect(readFileSync(join(place.dir, 'out.png'), 'utf8')).toBe('bytes as they came');
  const other = await place.run(['incidents', 'show', 'INC-2', '--png', 'other.png'], token);
  expect(other.exit).toBe(1);
  expect(other.err.join()).toContain('its signal was not measured');
  expect(server.seen).toHaveLength(2);
});
