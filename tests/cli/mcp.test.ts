import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { mountOf } from '../tools/a-mount.ts';
import { root } from '../tree.ts';
import { aPlace, type Place } from './a-context.ts';

const { definition } = mountOf({
  name: 'flood',
  inputSchema: { type: 'object' },
  annotations: { readOnlyHint: true },
});

function config(place: Place, tools: string): void {
  writeFileSync(
    join(place.dir, 'firebreak.yaml'),
    `default_owner: team-shop
teams: [{id: team-shop, name: Shop}]
services: [{id: checkout}]
mcp:
  cw:
    command: [${process.execPath}, ${join(root, 'tests/fakes/mcp/server.ts')}]
    services: [checkout]
    tools: {${tools}}
`,
  );
}

test('pin prints the definition of each named tool as its server gives it now, and what differs from the config', async () => {
  using place = aPlace();
  const other = '0'.repeat(64);
  config(place, `flood: {about: a, definition: "sha256:${other}"}, garbage: {about: b}, gone: {about: c}`);
  const { exit, out } = await place.run(['mcp', 'pin']);
  expect(exit).toBe(1);
  expect(out).toEqual([
    'mcp:',
    '  cw:',
    '    # lists as well, not named in the config: environment, huge, die, child, chatter',
    '    tools:',
    '      flood:',
    '        # its server says that it only reads',
    '        # it takes: nothing',
    `        definition: sha256:${definition}   # NOT as in the config: look at what changed`,
    '      garbage:',
    '        # its server says that it only reads',
    '        # it takes: nothing',
    expect.stringMatching(/^ {8}definition: sha256:[0-9a-f]{64} {3}# new$/),
    '      gone:',
    '        # its server does not list it',
  ]);
});

test('pin ends with 0 where every tool is as in the config, and with 2 for a server that there is none of', async () => {
  using place = aPlace();
  config(place, `flood: {about: a, definition: "sha256:${definition}"}`);
  const { exit, out } = await place.run(['mcp', 'pin', 'cw', '--json']);
  expect(exit).toBe(0);
  expect(JSON.parse(out.at(-1) ?? '')).toMatchObject({
    servers: [{ server: 'cw', problem: null, tools: [{ tool: 'flood', standing: 'ready' }] }],
  });
  expect(await place.run(['mcp', 'pin', 'dd'])).toMatchObject({ exit: 2 });
});
