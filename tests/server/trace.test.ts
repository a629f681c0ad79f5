import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { sha256 } from '#core/hash.ts';
import { serve } from '#server/main.ts';

const Streamed = z.object({
  kind: z.string(),
  traceId: z.string(),
  actor: z.object({ kind: z.string() }),
  body: z.looseObject({}),
});
type Streamed = z.infer<typeof Streamed>;
const [OLGA, VIC, READER] = ['fbk_a-token-of-olga', 'fbk_a-token-of-vic', 'fbk_a-token-to-read'];

async function aServer() {
  const dir = mkdtempSync(join(tmpdir(), 'firebreak-trace-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const configPath = join(dir, 'firebreak.yaml');
  writeFileSync(
    configPath,
    `listen: {host: 127.0.0.1, port: 0}
default_owner: team-a
teams: [{id: team-a, name: A}]
people:
  - id: olga
    name: Olga
    token: ["sha256:${sha256(OLGA)}", {hash: "sha256:${sha256(READER)}", scopes: [read]}]
    roles: [owner]
    teams: [team-a]
  - {id: vic, name: Vic, token: "sha256:${sha256(VIC)}", roles: [viewer]}
services: [{id: checkout}]
`,
  );
  const running = await serve({ configPath, dataDir: join(dir, 'data'), version: '0.0.0' });
  const ask = async (
    trace: string,
    path: string,
    { token = OLGA, body }: { token?: string; body?: object } = {},
  ) => {
    const headers = { authorization: `Bearer ${token}`, 'x-correlation-id': trace };
    const answer = await fetch(`${running.url}${path}`, {
      headers,
      ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
    });
    expect(answer.headers.get('x-correlation-id')).toBe(trace);
    return { status: answer.status, body: z.looseObject({}).parse(await answer.json()) };
  };
  /** Every entry, up to the first one that fits. */
  const entriesUpTo = async (isLast: (entry: Streamed) => boolean): Promise<Streamed[]> => {
    const leave = new AbortController();
    const headers = { authorization: `Bearer ${OLGA}` };
    const { body } = await fetch(`${running.url}/v1/entries`, { headers, signal: leave.signal });
    const entries: Streamed[] = [];
    let text = '';
    for await (const chunk of body?.pipeThrough(new TextDecoderStream()) ?? []) {
      text += chunk;
      const events = text.split('\n\n');
      text = events.pop() ?? '';
      for (const event of events)
        entries.push(Streamed.parse(JSON.parse(/^data: (.*)$/m.exec(event)?.[1] ?? 'null')));
      if (entries.some(isLast)) break;
    }
    leave.abort();
    return entries;
  };
  return { ask, entriesUpTo, [Symbol.asyncDispose]: () => running.stop() };
}

test('every entry that a request causes carries the id that it came with, and so does every entry of a person', async () => {
  await using server = await aServer();
  const { ask } = server;
  const until = Date.now() + 3_600_000;
  const page = { name: 'HighErrorRate', service: 'checkout', severity: 'error', status: 'firing' };
  expect(await ask('t-freeze', '/v1/stop', { body: { freeze: true } })).toMatchObject({ status: 200 });
  expect(await ask('t-role', '/v1/stop', { body: { freeze: true }, token: VIC })).toMatchObject({
    ...{ status: 403, body: { correlation: 't-role', error: expect.stringContaining('it takes responder') } },
  });
  expect(await ask('t-scope', '/v1/stop', { body: { off: true }, token: READER })).toMatchObject({
    ...{ status: 403, body: { error: 'this token is for read only; that takes one for stop' } },
  });
  const add = { service: 'checkout', until, reason: 'disks' };
  expect(await ask('t-add', '/v1/maintenance', { body: { add } })).toMatchObject({ status: 200 });
  expect(await ask('t-end', '/v1/maintenance', { body: { end: 'M-1' } })).toMatchObject({ status: 200 });
  expect(await ask('t-page', '/v1/alerts/cli', { body: page })).toMatchObject({ status: 202 });
  expect(await ask('t-looks', '/v1/alerts/cli', { body: page, token: VIC })).toMatchObject({ status: 401 });
  expect(await ask('t-reads', '/v1/alerts/cli', { body: page, token: READER })).toMatchObject({
    status: 401,
  });
  expect(await ask('t-take', '/v1/incidents/INC-1', { body: { verb: 'take' } })).toMatchObject({
    status: 200,
  });
  expect(await ask('t-twice', '/v1/incidents/INC-1', { body: { verb: 'take' } })).toMatchObject({
    status: 409,
  });
  const resolve = { verb: 'resolve', resolution: 'by_hand' };
  expect(await ask('t-close', '/v1/incidents/INC-1', { body: resolve })).toMatchObject({ status: 200 });
  expect(await ask('t-none', '/v1/alerts/nobody', { body: page })).toMatchObject({ status: 404 });
  expect(await ask('t-bad', '/v1/status', { token: 'fbk_wrong' })).toMatchObject({ status: 401 });

  const entries = await server.entriesUpTo(({ traceId }) => traceId === 't-bad');
  const kinds = (trace: string) => entries.filter((one) => one.traceId === trace).map(({ kind }) => kind);
  const causes = ['freeze', 'role', 'scope', 'add', 'end', 'looks', 'reads', 'take', 'twice', 'none', 'bad'];
  expect(Object.fromEntries(causes.map((cause) => [cause, kinds(`t-${cause}`).join(' ')]))).toEqual({
    ...{ freeze: 'freeze.set', role: 'request.refused', scope: 'request.refused' },
    ...{ add: 'maintenance.added', end: 'maintenance.ended', take: 'incident.taken' },
    ...{ looks: 'delivery.refused', reads: 'delivery.refused', none: 'delivery.refused' },
    ...{ twice: 'request.refused', bad: 'auth.failed' },
  });
  expect(kinds('t-page')).toEqual(expect.arrayContaining(['delivery.received', 'incident.opened']));
  expect(kinds('t-close')).toEqual(
    expect.arrayContaining(['tool.intended', 'tool.finished', 'incident.resolved']),
  );
  const people = entries.filter(({ actor }) => actor.kind === 'person');
  expect(people.filter(({ traceId }) => !traceId.startsWith('t-'))).toEqual([]);
});

test('a flood of wrong tokens writes ten entries, is told to wait, and keeps nobody else out', async () => {
  await using server = await aServer();
  const statuses: number[] = [];
  for (let at = 0; at < 40; at += 1)
    statuses.push((await server.ask(`t-${at}`, '/v1/status', { token: `fbk_${at}` })).status);
  expect(statuses.filter((status) => status === 401)).toHaveLength(10);
  expect(statuses.filter((status) => status === 429)).toHaveLength(30);
  expect((await server.ask('t-good', '/v1/stop', { body: { freeze: true } })).status).toBe(200);
  const entries = await server.entriesUpTo(({ traceId }) => traceId === 't-good');
  expect(entries.filter(({ kind }) => kind === 'auth.failed')).toHaveLength(10);
});
