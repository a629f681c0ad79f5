import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { loadConfig } from '#server/config.ts';
import { startExecutor } from '#server/executor/start.ts';
import { createWorld } from '#server/world.ts';
import { FakeClock } from '#tests/fakes/fake-clock.ts';

test('without a credential for changes nobody is told that a change can be made, until the server closes', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'firebreak-start-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const file = join(dir, 'firebreak.yaml');
  writeFileSync(file, 'default_owner: team-shop\nteams:\n  - {id: team-shop, name: Shop}\n');
  const config = loadConfig(file);
  const clock = new FakeClock();
  const { world } = createWorld(config, clock);
  const deps = { config, clock, world, boot: 'boot-1', publicKey: 'none', onHealth: () => {} };
  const executor = startExecutor(deps);
  const waited = executor.execute.ready(60_000);
  await clock.advance(60_000);
  expect(await waited).toBe('down');
  expect(executor.health()).toBeNull();
  const waiting = executor.execute.ready(60_000);
  executor.release();
  expect(await waiting).toBe('closed');
});
