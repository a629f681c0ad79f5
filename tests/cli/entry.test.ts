import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { aPlace } from './a-context.ts';
import { writeServerFile } from './a-server.ts';

const MAIN = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));

/** Runs the command as people do: in a process of its own, with nothing in its environment. */
async function firebreak(
  cwd: string,
  ...args: string[]
): Promise<{ exit: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd,
    env: { HOME: cwd },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [out, err] = [child.stdout.setEncoding('utf8').toArray(), child.stderr.setEncoding('utf8').toArray()];
  const exit = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { exit, out: (await out).join(''), err: (await err).join('') };
}

test('the command ends with its exit code, results on standard output and the rest on standard error', async () => {
  using place = aPlace();
  const wrong = await firebreak(place.dir, 'nonsense');
  expect(wrong).toMatchObject({ exit: 2, out: '' });
  expect(wrong.err).toContain("unknown command 'nonsense'");
  const failed = await firebreak(place.dir, 'status', '--json');
  expect(failed.exit).toBe(1);
  expect(JSON.parse(failed.out)).toMatchObject({ error: 'server_unreachable' });
  writeServerFile(place.data, 'http://127.0.0.1:9');
  expect(await firebreak(place.dir, 'off', '--json')).toMatchObject({ exit: 0, err: '' });
});
