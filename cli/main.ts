import { enableCompileCache } from 'node:module';
import { homedir } from 'node:os';
import { codeCacheDir } from './code-cache.ts';

// Before anything else is loaded, so that all of it comes from the cache at the next start.
const codeCache = codeCacheDir({
  xdg: process.env.XDG_CACHE_HOME,
  home: homedir(),
  uid: process.getuid?.(),
});
if (codeCache !== undefined) enableCompileCache(codeCache);
const [{ runCli }, { realClock }, { terminalPrompt }] = await Promise.all([
  import('./run.ts'),
  import('#core/clock.ts'),
  import('./prompt.ts'),
]);

const { env, stdin, stdout, stderr } = process;
// Whoever reads our output may stop reading, as `head` does.
for (const stream of [stdout, stderr]) stream.on('error', () => {});

process.exitCode = await runCli(process.argv.slice(2), {
  clock: realClock,
  zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  prompt: stdin.isTTY && stderr.isTTY ? terminalPrompt : null,
  colours: stdout.isTTY && (env.NO_COLOR ?? '') === '',
  cwd: process.cwd(),
  home: homedir(),
  token: env.FIREBREAK_TOKEN,
  out: (line) => void stdout.write(`${line}\n`),
  err: (line) => void stderr.write(`${line}\n`),
  stdin: async () => Buffer.concat(await stdin.toArray()).toString('utf8'),
  interrupted: () =>
    new Promise((resolve) => {
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
    }),
});
