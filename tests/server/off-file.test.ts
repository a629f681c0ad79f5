import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { sha256 } from '#core/hash.ts';
import { type Running, serve } from '#server/main.ts';

const TOKEN = 'fbk_a-token-of-a-test';

/** A server in this process with the least that a config can say, and a folder that is removed. */
async function aServer(): Promise<
  Running & { dataDir: string; ask: (path: string, body?: object) => Promise<unknown> }
> {
  const dir = mkdtempSync(join(tmpdir(), 'firebreak-off-'));
  const dataDir = join(dir, 'data');
  const configPath = join(dir, 'firebreak.yaml');
  writeFileSync(
    configPath,
    `listen: {host: 127.0.0.1, port: 0}
environment: demo
default_owner: team-a
teams: [{id: team-a, name: A}]
people:
  - {id: olga, name: Olga, token: "sha256:${sha256(TOKEN)}", roles: [responder, owner], teams: [team-a]}
services: []
`,
    { mode: 0o600 },
  );
  const running = await serve({ configPath, dataDir, version: '0.0.0' });
  onTestFinished(async () => {
    await running.stop();
    rmSync(dir, { recursive: true, force: true });
  });
  const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' };
  const ask = async (path: string, body?: object): Promise<unknown> => {
    const init = body === undefined ? { headers } : { headers, method: 'POST', body: JSON.stringify(body) };
    const answer = await fetch(`${running.url}${path}`, init);
    return { status: answer.status, body: await answer.json() };
  };
  return { ...running, dataDir, ask };
}

test('the file OFF stops as soon as it is there, is written down, and only its removal and an owner undo it', async () => {
  const { dataDir, ask } = await aServer();
  expect(await ask('/v1/status')).toMatchObject({ body: { stops: { off: false } } });

  writeFileSync(join(dataDir, 'OFF'), '');
  expect(await ask('/v1/status')).toMatchObject({ body: { stops: { off: true } } });
  await expect.poll(() => ask('/v1/status')).toMatchObject({ body: { stops: { by: 'file OFF' } } });
  expect(await ask('/readyz')).toMatchObject({ status: 200, body: { checks: { changes: 'off' } } });
  expect(await ask('/v1/stop', { off: false })).toMatchObject({ status: 409 });

  rmSync(join(dataDir, 'OFF'));
  expect(await ask('/v1/status')).toMatchObject({ body: { stops: { off: true, by: 'file OFF' } } });
  expect(await ask('/v1/stop', { off: false })).toMatchObject({ status: 200 });
  expect(await ask('/v1/status')).toMatchObject({ body: { stops: { off: false, by: 'olga' } } });
});
