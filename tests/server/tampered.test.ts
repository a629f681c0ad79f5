import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { verifyLog } from '#audit/verify.ts';
import { sha256 } from '#core/hash.ts';
import { serve } from '#server/main.ts';

const OWNER = 'fbk_owner-token-of-a-test';
const VIEWER = 'fbk_viewer-token-of-a-test';
const SENDER = 'sender-token-of-a-test';

const Status = z.object({
  incidents: z.array(z.object({ id: z.string(), outcome: z.string() })),
  stops: z.object({ frozen: z.boolean(), off: z.boolean() }),
  holds: z.array(z.object({ reason: z.string() })),
  log: z.object({ verified: z.string(), problem: z.string().nullable() }),
});

function once(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => {
    done ??= work();
    return done;
  };
}

/** A folder in which servers can be started one after the other. */
function aHome() {
  const dir = mkdtempSync(join(tmpdir(), 'firebreak-tampered-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const dataDir = join(dir, 'data');
  const configPath = join(dir, 'firebreak.yaml');
  writeFileSync(join(dir, 'sender.token'), SENDER, { mode: 0o600 });
  writeFileSync(
    configPath,
    `listen: {host: 127.0.0.1, port: 0}
environment: demo
default_owner: team-a
teams: [{id: team-a, name: A}]
people:
  - {id: olga, name: Olga, token: "sha256:${sha256(OWNER)}", roles: [responder, owner], teams: [team-a]}
  - {id: vic, name: Vic, token: "sha256:${sha256(VIEWER)}", roles: [viewer], teams: [team-a]}
sources: {sender: {kind: generic, token: "file:sender.token"}}
services: [{id: checkout}, {id: search}]
`,
    { mode: 0o600 },
  );
  const start = async () => {
    const running = await serve({ configPath, dataDir, version: '0.0.0' });
    const stop = once(() => running.stop());
    onTestFinished(stop);
    const ask = async (path: string, options: { token?: string; body?: object } = {}) => {
      const { token = OWNER, body } = options;
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
      const init = body === undefined ? { headers } : { headers, method: 'POST', body: JSON.stringify(body) };
      const answer = await fetch(`${running.url}${path}`, init);
      return { status: answer.status, body: await answer.json() };
    };
    const alert = (service: string) =>
      ask('/v1/alerts/sender', {
        token: SENDER,
        body: { name: 'TooManyErrors', service, severity: 'critical', status: 'firing' },
      });
    return {
      url: running.url,
      stop,
      ask,
      alert,
      status: async () => Status.parse((await ask('/v1/status')).body),
    };
  };
  return { dataDir, start };
}

/** Changes the newest entry of a kind, to another one that can be read unless told otherwise. */
function tamper(dataDir: string, kind: string, change = readable): void {
  const path = join(dataDir, 'log/00000000.jsonl');
  const lines = readFileSync(path, 'utf8').split('\n');
  const at = lines.findLastIndex((line) => line.includes(`"kind":"${kind}"`));
  const line = lines[at] ?? '';
  writeFileSync(path, lines.with(at, change(line)).join('\n'));
  rmSync(join(dataDir, 'cache'), { recursive: true });
}

const readable = (line: string): string => line.replace(/"traceId":"./, '"traceId":"x');
const unreadable = (line: string): string => line.slice(0, -1);

test('after tampering the server starts with a new log, keeps the open incidents and the freeze, and holds changes back until an owner accepts', async () => {
  const home = aHome();
  const first = await home.start();
  expect((await first.alert('checkout')).status).toBe(202);
  await first.ask('/v1/stop', { body: { freeze: true } });
  await first.stop();
  tamper(home.dataDir, 'server.stopped');

  const server = await home.start();
  const status = await server.status();
  expect(status.incidents).toEqual([{ id: 'INC-1', outcome: 'escalated' }]);
  expect(status.stops.frozen).toBe(true);
  expect(status.log.problem).toMatch(
    /^the log before this one was tampered with .* is kept in log\.tampered-1; .*firebreak audit accept$/,
  );
  expect(status.holds.map(({ reason }) => reason)).toContain('log_tampered');
  const ready = await fetch(`${server.url}/readyz`);
  expect([ready.status, await ready.json()]).toMatchObject([
    200,
    { checks: { log: 'ok', problem: expect.stringContaining('firebreak audit accept') } },
  ]);
  expect((await server.alert('search')).status).toBe(202);

  const { body } = await server.ask('/v1/log/damage', { token: VIEWER });
  const { old } = z.object({ old: z.string() }).parse(body);
  expect((await server.ask('/v1/log/accept', { token: VIEWER, body: { old } })).status).toBe(403);
  expect((await server.ask('/v1/log/accept', { body: { old: sha256('other') } })).status).toBe(409);
  expect((await server.status()).log.problem).not.toBe(null);
  expect((await server.ask('/v1/log/accept', { body: { old } })).status).toBe(200);
  expect((await server.ask('/v1/log/accept', { body: { old } })).status).toBe(409);
  const after = await server.status();
  expect([after.log.problem, after.holds.some(({ reason }) => reason === 'log_tampered')]).toEqual([
    null,
    false,
  ]);
  await server.stop();

  expect((await verifyLog({ dir: home.dataDir })).kind).toBe('ok');
  const third = await home.start();
  expect((await third.status()).log.problem).toBe(null);
});

test('no name is given out twice across a damaged log', async () => {
  const home = aHome();
  const first = await home.start();
  await first.alert('checkout');
  await first.alert('search');
  await first.stop();
  tamper(home.dataDir, 'incident.opened', unreadable);
  const server = await home.start();
  await server.alert('search');
  const ids = (await server.status()).incidents.map(({ id }) => id).sort();
  expect(ids).toEqual(['INC-1', 'INC-1002']);
});

test.each(Object.entries({ readable, unreadable }))(
  'an early entry that became another, %s, loses no later incident and no stop',
  async (_, change) => {
    const home = aHome();
    const first = await home.start();
    await first.alert('checkout');
    await first.ask('/v1/stop', { body: { freeze: true, off: true } });
    await first.stop();
    tamper(home.dataDir, 'config.loaded', change);
    const { incidents, stops } = await (await home.start()).status();
    expect(incidents).toEqual([{ id: 'INC-1', outcome: 'escalated' }]);
    expect(stops).toEqual({ frozen: true, off: true });
  },
);

test('only an owner erases what an incident holds, and only when it is closed for good', async () => {
  const home = aHome();
  const server = await home.start();
  await server.alert('checkout');
  const erase = (token: string, id: string) => server.ask(`/v1/incidents/${id}/erase`, { token, body: {} });
  expect((await erase(VIEWER, 'INC-1')).status).toBe(403);
  expect(await erase(OWNER, 'INC-1')).toMatchObject({
    status: 409,
    body: { error: expect.stringContaining('not closed for good yet') },
  });
  expect((await erase(OWNER, 'INC-9')).status).toBe(404);
});
