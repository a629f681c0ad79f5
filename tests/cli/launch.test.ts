import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, expect, test } from 'vitest';
import { root } from '../tree.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** Makes the running Node say that it is another version. */
const asNode = (version: string) => [
  '--import',
  `data:text/javascript,Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } })`,
];

/** A clone with the real launcher, `main` as its command, and a pinned Node unless `pinned` is false. */
function clone({ main, pinned = true }: { main: string; pinned?: boolean }): string {
  const folder = mkdtempSync(join(tmpdir(), 'firebreak-launch-'));
  folders.push(folder);
  mkdirSync(join(folder, 'cli'));
  copyFileSync(join(root, 'cli/launch.js'), join(folder, 'cli/launch.js'));
  writeFileSync(join(folder, 'cli/main.ts'), main);
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  mkdirSync(join(folder, 'node_modules/node/bin'), { recursive: true });
  if (pinned) symlinkSync(process.execPath, join(folder, 'node_modules/node/bin/node'));
  return folder;
}

function launch(folder: string, version: string, args: readonly string[] = []) {
  const launcher = join(folder, 'cli/launch.js');
  return spawn(process.execPath, [...asNode(version), launcher, ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
}

async function run(folder: string, version: string, args: readonly string[] = []) {
  const child = launch(folder, version, args);
  child.stdin.end('asked');
  const closed = once(child, 'close');
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  await closed;
  return { out, err, code: child.exitCode, signal: child.signalCode };
}

const report = `import { text } from 'node:stream/consumers';
const args: string[] = process.argv.slice(2);
console.log(JSON.stringify({ args, pid: process.ppid, main: process.argv[1]?.endsWith('main.ts'), stdin: await text(process.stdin) }));
console.error('words');
process.exitCode = 7;`;

test.each(['20.20.2', '22.1.0', '24.0.0', '26.3.1'])(
  'on Node %s the command gets its arguments and stdin, and its exit code is kept',
  async (version) => {
    const ended = await run(clone({ main: report }), version, ['audit', 'verify', '--json', 'a b']);
    expect(JSON.parse(ended.out)).toMatchObject({
      args: ['audit', 'verify', '--json', 'a b'],
      main: true,
      stdin: 'asked',
    });
    expect(ended).toMatchObject({ err: 'words\n', code: 7, signal: null });
  },
);

test('only an older Node starts another process', async () => {
  const main = `console.log(process.ppid === ${process.pid});`;
  expect((await run(clone({ main }), '24.0.0')).out).toBe('true\n');
  expect((await run(clone({ main }), '20.20.2')).out).toBe('false\n');
});

test('without a pinned Node an older one says in one line what to do', async () => {
  expect(await run(clone({ main: report, pinned: false }), '20.20.2')).toEqual({
    out: '',
    err: 'firebreak needs Node 24: run `npm ci` here first\n',
    code: 1,
    signal: null,
  });
});

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
  '%s reaches the command, which may end in its own way',
  async (signal) => {
    const main = `process.on('${signal}', () => { console.log('got it'); process.exit(3); });
    setInterval(() => {}, 1000);
    console.log('ready');`;
    const child = launch(clone({ main }), '20.20.2');
    let out = '';
    for await (const chunk of child.stdout.setEncoding('utf8')) {
      out += chunk;
      if (out === 'ready\n') child.kill(signal);
    }
    if (child.exitCode === null) await once(child, 'exit');
    expect({ out, code: child.exitCode }).toEqual({ out: 'ready\ngot it\n', code: 3 });
  },
);

test('a command that died of a signal is told apart from one that ended', async () => {
  const ended = await run(
    clone({ main: `process.kill(process.pid, 'SIGTERM'); setInterval(() => {}, 1000);` }),
    '20.20.2',
  );
  expect(ended).toMatchObject({ code: null, signal: 'SIGTERM' });
});
