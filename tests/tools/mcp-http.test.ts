import { expect, test } from 'vitest';
import { z } from 'zod';
import { originOf } from '#core/egress/rules.ts';
import { createEgress } from '#core/egress.ts';
import { Secret } from '#core/secret.ts';
import { createHttpTransport } from '#tools/drivers/mcp/http.ts';
import { createMcpLink } from '#tools/drivers/mcp/link.ts';
import { FakeClock } from '../fakes/fake-clock.ts';
import { lookTool, textResult } from '../fakes/mcp/scripted-server.ts';
import { mountOf, serverOf } from './a-mount.ts';
import { type Heard, loopback, never, type Reply } from './loopback.ts';

const Message = z.looseObject({ id: z.number().optional(), method: z.string() });
const json = { 'content-type': 'application/json', 'mcp-session-id': 's-1' };
const initialized = {
  protocolVersion: '2025-06-18',
  capabilities: { tools: {} },
  serverInfo: { name: 'fake', version: '1' },
};

/** A server over HTTP, and the link to it through the way out that the product uses; `call` answers a call. */
async function overHttp(
  call: (id: number) => Reply,
  every: (heard: Heard) => Reply | undefined = () => undefined,
) {
  const { url, heard } = await loopback((asked) => {
    const special = every(asked);
    if (special !== undefined) return special;
    const { id, method } = Message.parse(asked.body);
    if (id === undefined) return { status: 202 };
    const result = { initialize: initialized, 'tools/list': { tools: [lookTool] } }[method];
    return result === undefined ? call(id) : { headers: json, body: { jsonrpc: '2.0', id, result } };
  });
  const clock = new FakeClock();
  const at = { kind: 'url' as const, url: `${url}/mcp`, token: new Secret('sesame') };
  const { fetch } = createEgress({ rules: [originOf(url)] });
  const link = createMcpLink(serverOf([mountOf()], { at }), {
    clock,
    open: (onTooLarge) => createHttpTransport(at, { fetch, onTooLarge }),
    onStanding: () => {},
  });
  return { url, heard, clock, ask: () => link.ask({ tool: 'get_metric', args: { name: 'CPU' } }, never) };
}
const resultOf = (id: number, text: string) => ({ jsonrpc: '2.0', id, result: textResult(text) });
const seen = (text: string) => ({ kind: 'seen', value: { text, leftOut: 0, truncated: false } });

test('a server over HTTP is asked with the token, only by POST, and no stream of its own is opened', async () => {
  const { heard, ask } = await overHttp((id) => ({ headers: json, body: resultOf(id, '42') }));
  expect(await ask()).toEqual(seen('42'));
  expect(new Set(heard.map(({ method, path, token }) => `${method} ${path} ${token}`))).toEqual(
    new Set(['POST /mcp Bearer sesame']),
  );
});

test('an answer that comes as a stream is read to its end', async () => {
  const { ask } = await overHttp((id) => ({
    headers: { 'content-type': 'text/event-stream' },
    body: `event: message\ndata: ${JSON.stringify(resultOf(id, 'streamed'))}\n\n`,
  }));
  expect(await ask()).toEqual(seen('streamed'));
});

test.each([
  ['plain', { 'content-type': 'application/json' }],
  ['a stream', { 'content-type': 'text/event-stream' }],
])('an answer of many megabytes, %s, is a gap', async (_form, headers) => {
  const { ask } = await overHttp(() => ({ headers, body: `data: ${'x'.repeat(6 * 1024 * 1024)}` }));
  expect(await ask()).toEqual({ kind: 'gap', reason: 'too_large', detail: 'more at once than is taken' });
});

test('a redirect is not followed, and the token goes nowhere else', async () => {
  const elsewhere = await loopback(() => ({ headers: json, body: {} }));
  const { ask } = await overHttp(() => ({ status: 307, headers: { location: `${elsewhere.url}/mcp` } }));
  expect(await ask()).toMatchObject({ kind: 'gap' });
  const within = await overHttp(() => ({ status: 307, headers: { location: '/other' } }));
  expect(await within.ask()).toMatchObject({ kind: 'gap' });
  expect([elsewhere.heard, within.heard.filter(({ path }) => path === '/other')]).toEqual([[], []]);
});

test.each([
  ['refuses the token', { status: 401, body: 'no' }, 'refused'],
  ['breaks the connection', 'reset', 'unreachable'],
  ['answers with a page', { headers: { 'content-type': 'text/html' }, body: '<p>' }, 'bad_answer'],
] as const)('a server that %s is a gap', async (_what, reply, reason) => {
  const { ask } = await overHttp(
    () => 'hang',
    () => reply,
  );
  expect(await ask()).toMatchObject({ kind: 'gap', reason });
});

test('a server that forgot us is met anew with the next look', async () => {
  let forgot = true;
  const { heard, ask } = await overHttp((id) => {
    if (!forgot) return { headers: json, body: resultOf(id, '42') };
    forgot = false;
    return { status: 404, body: 'no such session' };
  });
  expect(await ask()).toMatchObject({ kind: 'gap', reason: 'bad_answer' });
  expect(await ask()).toEqual(seen('42'));
  expect(heard.filter(({ body }) => Message.parse(body).method === 'initialize')).toHaveLength(2);
});

test('a server that never answers is a gap at the limit', async () => {
  const { clock, heard, ask } = await overHttp(() => 'hang');
  const look = ask();
  await expect.poll(() => heard.length).toBe(4);
  await clock.advance(15_000);
  expect(await look).toMatchObject({ kind: 'gap', reason: 'timeout' });
});
