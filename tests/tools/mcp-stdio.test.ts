import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { type Clock, realClock } from '#core/clock.ts';
import { Secret } from '#core/secret.ts';
import { createMcpLink } from '#tools/drivers/mcp/link.ts';
import { createStdioTransport } from '#tools/drivers/mcp/stdio.ts';
import { FakeClock } from '../fakes/fake-clock.ts';
import { root } from '../tree.ts';
import { mountOf, serverOf } from './a-mount.ts';
import { never } from './loopback.ts';

const wireOf = (name: string) => ({
  name,
  inputSchema: { type: 'object' },
  annotations: { readOnlyHint: true },
});
const tools = ['environment', 'flood', 'huge', 'die', 'child', 'garbage', 'chatter'].map((name) =>
  mountOf(wireOf(name)),
);

/** A real process behind the link. */
function started(args: readonly string[] = [], clock: Clock = realClock) {
  const lines: string[] = [];
  const env = new Map<string, string | Secret>([
    ['AWS_REGION', 'eu-west-1'],
    ['AWS_TOKEN', new Secret('sesame')],
  ]);
  const at = {
    kind: 'command' as const,
    command: process.execPath,
    args: [join(root, 'tests/fakes/mcp/server.ts'), ...args],
    env,
  };
  const link = createMcpLink(serverOf(tools, { at }), {
    clock,
    open: (onTooLarge) =>
      createStdioTransport(at, { clock, onTooLarge, onLine: (line) => void lines.push(line) }),
    onStanding: () => {},
  });
  onTestFinished(() => link.stop());
  return { lines, link, ask: (tool: string) => link.ask({ tool, args: {} }, never) };
}

const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  // A process that ended stays in the list until somebody asks how.
  return !existsSync('/proc/self/stat') || !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
};

test('a process sees the variables that the config names and no others, and no shell', async () => {
  const { ask } = started(['$(id)', '; id']);
  const seen = await ask('environment');
  if (seen.kind === 'gap') expect.fail(seen.detail);
  const told = z.object({ names: z.array(z.string()), cwd: z.string(), argv: z.array(z.string()) });
  expect(told.parse(JSON.parse(seen.value.text))).toEqual({
    names: ['AWS_REGION', 'AWS_TOKEN'],
    cwd: '/',
    argv: ['$(id)', '; id'],
  });
});

test('a process that floods its error output answers all the same, and little of that is passed on, as harmless lines', async () => {
  const { lines, ask } = started();
  expect(await ask('flood')).toMatchObject({ kind: 'seen', value: { text: 'flooded' } });
  await expect.poll(() => lines.length).toBe(51);
  expect(lines[0]).toBe('\\x1b[31mline 0 password=[redacted]');
  expect(lines.at(-1)).toBe('it writes more than is passed on');
});

test('an answer of 50 MB, or messages without end, are a gap and end the process; the next look has a new one', async () => {
  const { ask } = started();
  expect(await ask('huge')).toEqual({
    kind: 'gap',
    reason: 'too_large',
    detail: 'more at once than is taken',
  });
  expect(await ask('chatter')).toMatchObject({ kind: 'gap', reason: 'too_large' });
  expect(await ask('garbage')).toMatchObject({ kind: 'seen', value: { text: 'after garbage' } });
});

test('a process that dies while it answers is a gap, and so is one that cannot be started', async () => {
  const { ask } = started();
  expect(await ask('die')).toMatchObject({ kind: 'gap', reason: 'unreachable' });
  const at = { kind: 'command' as const, command: '/nonexistent/mcp', args: [], env: new Map() };
  const link = createMcpLink(serverOf(tools, { at }), {
    clock: realClock,
    open: (onTooLarge) => createStdioTransport(at, { clock: realClock, onTooLarge, onLine: () => {} }),
    onStanding: () => {},
  });
  expect(await link.list()).toMatchObject({ kind: 'gap', reason: 'unreachable' });
  expect(link.problem()).toContain('ENOENT');
});

test('stopping ends the process and all that it started, also when it ignores being asked', async () => {
  const clock = new FakeClock();
  const { link, ask } = started(['--ignore-end'], clock);
  const seen = await ask('child');
  if (seen.kind === 'gap') expect.fail(seen.detail);
  const child = Number(seen.value.text);
  expect(isRunning(child)).toBe(true);
  const stopping = link.stop();
  await clock.advance(2000);
  await stopping;
  await expect.poll(() => isRunning(child)).toBe(false);
  expect(await ask('child')).toMatchObject({ kind: 'gap' });
});
