import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { resolveImport, roomOf } from '../doors.ts';
import { readTree, root } from '../tree.ts';

const textOf = (path: string): string => readTree([path])[0]?.text ?? '';
const dockerfile = textOf('deploy/Dockerfile');
const unit = textOf('deploy/firebreak.service');

/** Folders that the image copies. */
const copied = [...dockerfile.matchAll(/^COPY ([a-z]+) \.\/\1$/gm)].map(([, folder = '']) => folder);

test('the image holds every file that the server and its commands load', () => {
  const texts = new Map(readTree(['.ts']).map(({ path, text }) => [path, text]));
  const seen = new Set<string>();
  const queue = ['cli/main.ts', 'server/executor/main.ts'];
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    if (seen.has(path)) continue;
    seen.add(path);
    for (const [, specifier = ''] of (texts.get(path) ?? '').matchAll(/(?:from|import\() ?'([#.][^']+)'/g)) {
      const target = resolveImport(path, specifier);
      // The demo and the evals are commands for a clone.
      if (target !== undefined && !['demo', 'evals', 'tests'].includes(roomOf(target))) queue.push(target);
    }
  }
  expect(seen.size).toBeGreaterThan(200);
  expect([...new Set([...seen].map(roomOf))].filter((folder) => !copied.includes(folder))).toEqual([]);
});

test('nothing else gets into it: no tests, no history of the repository, no config and no token', () => {
  const sent = textOf('deploy/Dockerfile.dockerignore')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  expect(sent[0]).toBe('*');
  expect(sent.slice(1).toSorted()).toEqual(
    ['package.json', 'package-lock.json', 'LICENSE', 'deploy/healthcheck.mjs', ...copied]
      .map((path) => `!${path}`)
      .toSorted(),
  );
});

test('it runs as a user that is not root, has no installer, and can be asked whether it lives', () => {
  const last = dockerfile.split(/^FROM /m).at(-1) ?? '';
  expect(last).toMatch(/^USER (?!0\b)\d+:\d+$/m);
  expect(last).toMatch(/rm -rf \/usr\/local\/lib\/node_modules/);
  expect(last).toMatch(/^HEALTHCHECK .*\n {2}CMD \["node", "\/opt\/firebreak\/deploy\/healthcheck\.mjs"/m);
  expect(dockerfile).toMatch(/npm ci --omit=dev --ignore-scripts/);
  expect([...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, base]) => base)).toEqual([
    'node:24-bookworm-slim',
    'node:24-bookworm-slim',
  ]);
  expect(dockerfile).not.toMatch(/^ADD |\bcurl\b|\bwget\b|^ARG .*TOKEN/m);
});

test.each([
  ['User', 'firebreak'],
  ['UMask', '0077'],
  ['StateDirectoryMode', '0700'],
  ['RuntimeDirectoryMode', '0700'],
  ['ProtectSystem', 'strict'],
  ['ProtectHome', 'yes'],
  ['PrivateTmp', 'yes'],
  ['PrivateDevices', 'yes'],
  ['NoNewPrivileges', 'yes'],
  ['CapabilityBoundingSet', ''],
  ['RestrictNamespaces', 'yes'],
  ['RestrictSUIDSGID', 'yes'],
  ['LockPersonality', 'yes'],
  ['RestrictAddressFamilies', 'AF_INET AF_INET6 AF_UNIX AF_NETLINK'],
  ['SystemCallArchitectures', 'native'],
])('the unit has %s=%s', (setting, value) => {
  expect([...unit.matchAll(new RegExp(`^${setting}=(.*)$`, 'gm'))].map(([, given]) => given)).toEqual([
    value,
  ]);
});

test('the unit filters system calls, hands secrets over as credentials, and allows what JavaScript needs', () => {
  expect(unit).toMatch(/^SystemCallFilter=@system-service\nSystemCallFilter=~@privileged @resources$/m);
  expect(unit).toMatch(/^LoadCredential=/m);
  expect(unit).not.toMatch(/^(Environment|PassEnvironment|EnvironmentFile)=.*(TOKEN|KEY|SECRET)/im);
  expect(unit).not.toMatch(/^MemoryDenyWriteExecute=yes/m);
});

const Workflow = z.looseObject({
  on: z.looseObject({}),
  permissions: z.record(z.string(), z.string()),
  jobs: z.record(
    z.string(),
    z.looseObject({
      permissions: z.record(z.string(), z.string()).default({}),
      'timeout-minutes': z.int(),
      steps: z.array(z.looseObject({ uses: z.string().optional(), run: z.string().optional() })),
    }),
  ),
});
const workflows = readTree(['.yml'])
  .filter(({ path }) => path.startsWith('.github/workflows/'))
  .map(({ path, text }) => ({ path, workflow: Workflow.parse(parse(text)) }));

test('every workflow may only read, uses published actions by their version, and ends in time', () => {
  expect(workflows.map(({ path }) => path.split('/').at(-1))).toEqual(['ci.yml', 'codeql.yml', 'weekly.yml']);
  for (const { path, workflow } of workflows) {
    expect(workflow.permissions, path).toEqual({ contents: 'read' });
    expect(workflow.on, path).not.toHaveProperty('pull_request_target');
    for (const job of Object.values(workflow.jobs)) {
      const wider = Object.entries(job.permissions).filter(([, right]) => right === 'write');
      expect(wider.every(([scope]) => scope === 'security-events')).toBe(true);
      for (const { uses = 'actions/none@v1', run = '' } of job.steps) {
        expect(uses).toMatch(/^(actions|github)\/[a-z-/]+@v\d+$/);
        // Text of a pull request must not become a command.
        expect(run).not.toContain('${{');
      }
    }
  }
});

test('each push runs all that a change must pass; packages are held against their signatures every week', () => {
  const runs = (name: string) =>
    workflows
      .filter(({ path }) => path.endsWith(`/${name}.yml`))
      .flatMap(({ workflow }) => Object.values(workflow.jobs))
      .flatMap(({ steps }) => steps.map(({ run, uses }) => run ?? uses));
  expect(runs('ci')).toContain('.ci/run');
  expect(runs('weekly')).toContain('npm audit signatures');
  expect(runs('codeql')).toContain('github/codeql-action/analyze@v4');
  expect(parse(textOf('.github/dependabot.yml'))).toMatchObject({
    updates: ['npm', 'github-actions', 'docker'].map((name) => ({
      'package-ecosystem': name,
      schedule: { interval: 'weekly' },
    })),
  });
});

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'firebreak-health-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

/** Exit code and complaint of the check over the data directory. */
function check(): Promise<{ exit: number | null; said: string }> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [join(root, 'deploy/healthcheck.mjs'), dir],
      (_error, _out, said) => resolve({ exit: child.exitCode, said: said.trim() }),
    );
  });
}

test.each([
  [200, 0, ''],
  [503, 1, 'not healthy: the server answers 503'],
])('a server that answers %i at its health address gives exit code %i', async (status, exit, said) => {
  const asked: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url);
    response.writeHead(status).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  writeFileSync(join(dir, 'server.json'), JSON.stringify({ url: `http://127.0.0.1:${port}` }));
  expect(await check()).toEqual({ exit, said });
  expect(asked).toEqual(['/healthz']);
  server.close();
});

test('no server gives exit code 1 and one line', async () => {
  const { exit, said } = await check();
  expect(exit).toBe(1);
  expect(said).toMatch(/^not healthy: ENOENT[^\n]*$/);
});
