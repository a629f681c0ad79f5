import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import type { Entry } from '#audit/log.ts';
import { verifyLog } from '#audit/verify.ts';
import { sha256 } from '#core/hash.ts';
import { ServiceId } from '#core/ids.ts';
import type { SendPolicy } from '#llm/outgoing.ts';
import { serve } from '#server/main.ts';
import { sendPolicyOf } from '#server/send-policy.ts';
import { mountOf } from '../tools/a-mount.ts';
import { root } from '../tree.ts';

const TOKEN = 'fbk_a-token-of-a-test';
const Status = z.looseObject({ mounts: z.array(z.object({ name: z.string(), why: z.string() })) });
const pinned = mountOf({
  name: 'flood',
  inputSchema: { type: 'object' },
  annotations: { readOnlyHint: true },
});
const config = `listen: {host: 127.0.0.1, port: 0}
default_owner: team-a
teams: [{id: team-a, name: A}]
people: [{id: olga, name: Olga, token: "sha256:${sha256(TOKEN)}", roles: [responder]}]
services: [{id: checkout}]
mcp:
  cw:
    command: [${process.execPath}, ${join(root, 'tests/fakes/mcp/server.ts')}]
    services: [checkout]
    tools:
      environment: {about: "Its environment.", roles: [diagnosis], definition: "sha256:${'0'.repeat(64)}"}
      flood: {about: "A flood.", roles: [diagnosis], definition: "sha256:${pinned.definition}"}
      garbage: {about: "Garbage."}
  gone: {command: [/nonexistent/mcp], services: [checkout], tools: {look: {about: "A look."}}}
`;

test('a server says before the first page which mounted tools are off and why, and writes down a drift', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'firebreak-mcp-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const [configPath, dataDir] = [join(dir, 'firebreak.yaml'), join(dir, 'data')];
  writeFileSync(configPath, config);
  const { url, stop } = await serve({ configPath, dataDir, version: '0.0.0' });
  const headers = { authorization: `Bearer ${TOKEN}` };
  const mounts = async () => Status.parse(await (await fetch(`${url}/v1/status`, { headers })).json()).mounts;
  await expect.poll(async () => (await mounts()).length, { timeout: 20_000 }).toBe(3);
  expect(await mounts()).toEqual([
    { name: 'cw environment', why: expect.stringContaining('another definition than the config names') },
    { name: 'cw garbage', why: expect.stringMatching(/definition: sha256:[0-9a-f]{64}$/) },
    { name: 'gone', why: expect.stringContaining('ENOENT') },
  ]);
  await stop();
  const entries: Entry[] = [];
  await verifyLog({ dir: dataDir, onEntry: (one) => entries.push(one) });
  expect(entries.filter(({ kind }) => kind === 'mount.refused').map(({ body }) => body)).toEqual([
    {
      ...{ server: 'cw', tool: 'environment', reason: 'drifted', pinned: '0'.repeat(64) },
      seen: expect.stringMatching(/^[0-9a-f]{64}$/),
    },
  ]);
});

test('what a mounted tool answered leaves for a model as the rule of that tool says, also when it is read again', () => {
  const id = ServiceId.parse('checkout');
  const inventory = { version: sha256('none'), services: new Map() };
  const mounted = new Map<string, SendPolicy>([
    ['mcp_cw_get', 'never'],
    ['mcp_cw_list', 'full'],
  ]);
  const rule = sendPolicyOf(new Map(), inventory, mounted);
  const of = (tool: string, args: object = { service: `service:${id}` }) =>
    rule({ id: '1', tool, args: { ...args } }, (call) => (call === 'e1' ? 'full' : undefined));
  expect([of('mcp_cw_get'), of('mcp_cw_list'), of('mcp_cw_other')]).toEqual(['never', 'full', 'never']);
  expect([of('evidence_read', { call: 'e1' }), of('evidence_read', { call: 'e2' })]).toEqual([
    'full',
    'never',
  ]);
  expect(of('logs_search')).toBe('redacted');
});
