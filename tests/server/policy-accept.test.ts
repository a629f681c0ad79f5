import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { sha256 } from '#core/hash.ts';
import { serve } from '#server/main.ts';

const [OLGA, BOB] = ['fbk_a-token-of-olga', 'fbk_a-token-of-bob'];

/** A place where servers with different configs start over one log, one after the other. */
function aPlace() {
  const dir = mkdtempSync(join(tmpdir(), 'firebreak-policy-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  for (const name of ['read.token', 'act.token'])
    writeFileSync(join(dir, name), `${name}\n`, { mode: 0o600 });
  const configPath = join(dir, 'firebreak.yaml');
  return async (mode: string, bobsRoles: string) => {
    writeFileSync(
      configPath,
      `listen: {host: 127.0.0.1, port: 0}
default_owner: team-a
teams: [{id: team-a, name: A}]
people:
  - {id: olga, name: Olga, token: "sha256:${sha256(OLGA)}", roles: [owner], teams: [team-a]}
  - {id: bob, name: Bob, token: "sha256:${sha256(BOB)}", roles: ${bobsRoles}, teams: [team-a]}
workloads: {w: {kind: process, url: http://127.0.0.1:9, token: "file:./read.token", act_token: "file:./act.token"}}
services: [{id: checkout, mode: ${mode}, workload: {driver: w, name: checkout}}]
policy: {rules: [{tools: [service_restart], environments: ["*"], services: ["*"], answer: ask}]}
`,
      { mode: 0o600 },
    );
    const running = await serve({ configPath, dataDir: join(dir, 'data'), version: '0.0.0' });
    const ask = async (token: string, path: string, body?: object) => {
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
      const init = body === undefined ? { headers } : { headers, method: 'POST', body: JSON.stringify(body) };
      const answer = await fetch(`${running.url}${path}`, init);
      return { status: answer.status, body: z.looseObject({}).parse(await answer.json()) };
    };
    return { ask, [Symbol.asyncDispose]: () => running.stop() };
  };
}

test('what a restart with another config allows more waits for an owner of the running server', async () => {
  const start = aPlace();
  {
    await using first = await start('observe', '[responder]');
    expect(await first.ask(OLGA, '/v1/status')).toMatchObject({
      body: { policyWaiting: { answers: 0, people: 0 } },
    });
  }
  await using second = await start('act', '[responder, owner]');
  const { ask } = second;
  expect(await ask(BOB, '/v1/status')).toMatchObject({ body: { policyWaiting: { answers: 1, people: 1 } } });
  const { standing } = (await ask(BOB, '/v1/policy')).body;
  // An owner by the config alone is none yet, here and wherever else owners are asked for.
  expect(await ask(BOB, '/v1/policy/accept', { standing })).toMatchObject({ status: 403 });
  expect(await ask(BOB, '/v1/stop', { freeze: false })).toMatchObject({ status: 403 });
  expect(await ask(OLGA, '/v1/policy/accept', {})).toMatchObject({ status: 400 });
  expect(await ask(OLGA, '/v1/policy/accept', { standing: sha256('other') })).toMatchObject({ status: 409 });
  expect(await ask(OLGA, '/v1/policy/accept', { standing })).toMatchObject({ status: 200 });
  expect(await ask(BOB, '/v1/status')).toMatchObject({ body: { policyWaiting: { answers: 0, people: 0 } } });
  expect(await ask(BOB, '/v1/stop', { freeze: false })).toMatchObject({ status: 200 });
});
