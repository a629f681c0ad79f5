import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FirebreakError } from '#core/errors.ts';
import { ServiceId } from '#core/ids.ts';
import { Secret } from '#core/secret.ts';
import { loadConfig } from '#server/config.ts';

const env = { AWS: 'aws-secret', HUB: 'hub-secret' };
const DIGEST = 'a'.repeat(64);
let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'firebreak-config-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

function load(mcp: string) {
  const file = join(dir, 'firebreak.yaml');
  writeFileSync(
    file,
    `default_owner: team-shop
teams: [{id: team-shop, name: Shop}]
services: [{id: checkout}]
mcp: ${mcp}
`,
  );
  return loadConfig(file, env).mcp;
}
function mistakes(mcp: string): string {
  try {
    load(mcp);
  } catch (error) {
    if (error instanceof FirebreakError) return error.message;
  }
  return '';
}
const metric = (more = ''): string => `tools: {get_metric: {about: "A metric."${more}}}`;
const command = (more: string): string => `{cw: {command: [/bin/cw], services: [checkout], ${more}}}`;

test('a server is told where it is, what may be asked of it, and by whom; secrets by reference only', () => {
  const { servers, send } = load(`{cw: {
    command: [/usr/local/bin/cw-mcp, --read-only], env: {AWS_REGION: eu-west-1, AWS_TOKEN: env:AWS}, services: [checkout],
    tools: {
      Get-Metric: {about: "A metric.", roles: [diagnosis], definition: "sha256:${DIGEST}", send_to_model: never, arguments: {
        name: {one_of: [CPU, Mem]}, minutes: {int: {min: 1, max: 120}}, host: {pattern: '^[a-z0-9-]{1,40}$'}, region: {fixed: eu-west-1}}},
      other: {about: "Another."}}},
  hub: {url: "https://hub.example/mcp", token: env:HUB, services: [checkout], tools: {list_runs: {about: "Runs."}}}}`);
  const [cw, hub] = servers;
  expect(cw).toMatchObject({
    id: 'cw',
    at: { kind: 'command', command: '/usr/local/bin/cw-mcp', args: ['--read-only'] },
    services: [ServiceId.parse('checkout')],
    tools: [
      { name: 'mcp_cw_get_metric', tool: 'Get-Metric', roles: ['diagnosis'], definition: DIGEST },
      { name: 'mcp_cw_other', roles: [], definition: null, arguments: new Map() },
    ],
  });
  expect([...(cw?.tools[0]?.arguments ?? [])]).toEqual([
    ['name', { kind: 'one_of', values: ['CPU', 'Mem'] }],
    ['minutes', { kind: 'int', min: 1, max: 120 }],
    ['host', { kind: 'pattern', pattern: '^[a-z0-9-]{1,40}$' }],
    ['region', { kind: 'fixed', value: 'eu-west-1' }],
  ]);
  const token = cw?.at.kind === 'command' && cw.at.env.get('AWS_TOKEN');
  expect(token instanceof Secret && token.reveal()).toBe('aws-secret');
  expect(hub?.at).toMatchObject({ kind: 'url', url: 'https://hub.example/mcp', token: expect.any(Secret) });
  expect([...send]).toEqual([
    ['mcp_cw_get_metric', 'never'],
    ['mcp_cw_other', 'redacted'],
    ['mcp_hub_list_runs', 'redacted'],
  ]);
  expect(inspect(servers, { depth: 20 })).not.toMatch(/-secret/);
});

test.each([
  ['to remediation, which reads no foreign text', command(metric(', roles: [remediation]')), 'roles[0]'],
  ['to the coordinator, which reads people', command(metric(', roles: [coordinator]')), 'roles[0]'],
  ['without words of the operator', command('tools: {get_metric: {}}'), 'about: is missing'],
  [
    'about a service that there is none of',
    `{cw: {command: [/bin/cw], services: [chekout], ${metric()}}}`,
    'did you mean "checkout"',
  ],
  ['without a place', `{cw: {services: [checkout], ${metric()}}}`, 'needs either command or url'],
  [
    'with two places',
    `{cw: {command: [/bin/cw], url: "https://x.example", services: [checkout], ${metric()}}}`,
    'needs either',
  ],
  [
    'found by the PATH',
    `{cw: {command: [cw-mcp], services: [checkout], ${metric()}}}`,
    'is not an absolute path',
  ],
  [
    'without encryption',
    `{cw: {url: "http://hub.example/mcp", services: [checkout], ${metric()}}}`,
    'must be https://',
  ],
  [
    'with a secret on its command line',
    `{cw: {command: [/bin/cw, "--token=abcdef123456"], services: [checkout], ${metric()}}}`,
    'name it under env',
  ],
  [
    'with a secret in the file',
    command(`env: {AWS_SECRET_ACCESS_KEY: abc}, ${metric()}`),
    'must say where the secret lies',
  ],
  [
    'with a secret under a harmless name',
    command(`env: {DSN: "postgres://a:b@c/d"}, ${metric()}`),
    'must say where the secret lies',
  ],
  ['with a secret that is not there', command(`env: {AWS_TOKEN: env:NOPE}, ${metric()}`), 'NOPE'],
  [
    'with a pattern that can take forever',
    command(metric(", arguments: {a: {pattern: '^(a+)+$'}}")),
    'may only hold characters',
  ],
  ['with an argument of no kind', command(metric(', arguments: {a: {}}')), 'needs exactly one of'],
  [
    'with an argument of two kinds',
    command(metric(', arguments: {a: {fixed: 1, one_of: [b]}}')),
    'needs exactly one of',
  ],
  [
    'with bounds the wrong way round',
    command(metric(', arguments: {a: {int: {min: 2, max: 1}}}')),
    'min above its max',
  ],
  [
    'with an argument named like the object itself',
    command(metric(', arguments: {constructor: {fixed: 1}}')),
    'nothing can have this name',
  ],
  ['with a digest cut short', command(metric(', definition: "sha256:abc"')), 'firebreak mcp pin prints it'],
  [
    'with two tools that agents could not tell apart',
    command('tools: {get-metric: {about: a}, get_metric: {about: b}}'),
    'has the name of get-metric',
  ],
  [
    'with a name that could be taken for another server and its tool',
    `{cw_a: {command: [/bin/cw], services: [checkout], ${metric()}}}`,
    'is not a name of an MCP server',
  ],
  [
    'with more tools than one agent can hold',
    command(
      `tools: {${Array.from({ length: 13 }, (_, n) => `t${n}: {about: a, roles: [monitor]}`).join(', ')}}`,
    ),
    'gives monitor 13 tools',
  ],
])('a server %s is refused with the line of the mistake', (_what, mcp, why) => {
  expect(mistakes(mcp)).toContain(why);
});
