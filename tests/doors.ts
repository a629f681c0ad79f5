import { posix } from 'node:path';
import { computed, type Import, type Module } from './source.ts';

/** A rule that was broken, as one line for people. */
export type Violation = string;

/**
 * What a room may import. `may` and `lazy` name rooms or folders (`tests/fakes`); `lazy` ones only by `import()`.
 * `never` takes files out again.
 */
export type Door = {
  readonly may: readonly string[];
  readonly lazy?: readonly string[];
  readonly never?: readonly string[];
};
export type Doors = Readonly<Record<string, Door>>;

const below = [
  'core',
  'audit',
  'llm',
  'prompts',
  'incidents',
  'approvals',
  'diagnosis',
  'views',
  'tools',
  'sessions',
  'agents',
];
const around = [...below, 'intake', 'slack', 'doctor'];

/** The doors table of the design: a room missing here is a violation of its own. */
export const doors: Doors = {
  core: { may: [] },
  audit: { may: ['core'] },
  llm: { may: ['core'] },
  prompts: { may: ['core'] },
  incidents: { may: ['core', 'audit'] },
  approvals: { may: ['core', 'audit', 'incidents'] },
  diagnosis: { may: ['core', 'incidents'] },
  views: { may: ['core', 'incidents', 'approvals'] },
  tools: { may: ['core', 'audit', 'incidents', 'approvals', 'diagnosis'] },
  sessions: { may: ['core', 'audit', 'incidents', 'llm', 'tools'] },
  agents: { may: ['core', 'incidents', 'prompts', 'llm', 'tools', 'sessions', 'diagnosis'] },
  intake: { may: ['core', 'incidents'] },
  slack: { may: ['core', 'incidents', 'approvals', 'views'] },
  doctor: { may: ['core', 'audit', 'approvals', 'incidents'] },
  server: { may: around },
  evals: { may: [...around, 'server'], never: ['server/main.ts'] },
  demo: { may: ['core', 'incidents', 'approvals', 'views', 'server'], lazy: ['tests/fakes'] },
  cli: { may: around, lazy: ['server', 'evals', 'demo'] },
};

/** Folders that may import everything, and are imported by none but each other. */
export const openFolders: readonly string[] = ['tests', 'bench'];

/** Files outside every folder, which nothing imports. */
export const looseFiles: readonly string[] = ['vitest.config.ts'];

/** What only the named files or folders may do. `uses` are names of facts, `imports` package names (`@slack/*` too). */
export type Owner = {
  readonly uses?: readonly string[];
  readonly imports?: readonly string[];
  readonly by: readonly string[];
};

/** The single owners of the design. */
export const owners: readonly Owner[] = [
  // The wire files take types from the SDKs, so that a request that a vendor would refuse does not compile.
  { imports: ['@anthropic-ai/sdk'], by: ['llm/anthropic.ts', 'llm/anthropic-wire.ts'] },
  { imports: ['openai'], by: ['llm/openai.ts', 'llm/openai-responses.ts', 'llm/openai-chat.ts'] },
  { imports: ['undici'], by: ['llm/transport.ts', 'core/egress/dispatcher.ts'] },
  { imports: ['@modelcontextprotocol/sdk'], by: ['tools/drivers/mcp/'] },
  // What goes out goes through one client. The command speaks to its own server, the small shop to itself.
  {
    uses: ['fetch', 'globalThis.fetch', 'WebSocket', 'globalThis.WebSocket'],
    by: ['cli/request.ts', 'demo/'],
  },
  { uses: ['EventSource', 'globalThis.EventSource'], by: [] },
  {
    imports: ['node:http', 'node:https', 'node:http2', 'node:net', 'node:tls', 'node:dgram'],
    by: [
      ...['core/egress.ts', 'core/egress/', 'cli/request.ts', 'tools/drivers/postgres.ts', 'demo/'],
      // These only listen.
      ...['server/http.ts', 'server/http-guard.ts', 'server/http-stream.ts', 'server/loopback.ts'],
    ],
  },
  { imports: ['node:dns', 'node:dns/promises'], by: ['core/egress/pinned-lookup.ts'] },
  { imports: ['p-queue'], by: ['sessions/lanes.ts'] },
  { imports: ['@slack/*'], by: ['slack/'] },
  { imports: ['echarts'], by: ['views/chart/chart-svg.ts'] },
  { imports: ['pg'], by: ['tools/drivers/postgres.ts'] },
  {
    imports: ['@prometheus-io/lezer-promql', '@lezer/lr'],
    by: ['tools/drivers/prometheus-promql.ts', 'tools/drivers/promql-check.ts'],
  },
  { imports: ['@resvg/resvg-js'], by: ['server/render-png.ts'] },
  { uses: ['process.env'], by: ['server/config.ts', 'cli/main.ts', 'cli/launch.js'] },
  {
    imports: ['node:child_process', 'node:cluster'],
    by: [
      'tools/drivers/operator-argv.ts',
      'tools/drivers/mcp/stdio.ts',
      'core/keychain.ts',
      'server/executor/child.ts',
      'demo/',
      'cli/launch.js',
    ],
  },
  { uses: ['.perform'], by: ['tools/invoke.ts', 'server/executor/perform.ts'] },
  { uses: ['.mint'], by: ['approvals/gate.ts'] },
  // A page in a browser writes times as its reader's clock has them.
  {
    uses: ['Date.now', 'new Date()', 'performance.now', 'process.hrtime', 'Math.random', 'random bytes'],
    by: ['core/', 'demo/slack-fake/draw.js'],
  },
  // The small shop of the demo is made of real processes, which keep their own time.
  {
    uses: [
      'setTimeout',
      'setInterval',
      'globalThis.setTimeout',
      'globalThis.setInterval',
      'AbortSignal.timeout',
    ],
    by: ['core/', 'demo/'],
  },
  { imports: ['node:timers', 'node:timers/promises'], by: ['core/', 'demo/'] },
  {
    uses: [
      'eval',
      'Function',
      'globalThis.eval',
      'globalThis.Function',
      'require',
      'process.getBuiltinModule',
    ],
    imports: ['node:vm'],
    by: [],
  },
  // Only for the compile cache; a require made from it would be a second way to load code.
  { imports: ['node:module'], by: ['cli/main.ts'] },
];

/** Every broken door, owner rule and undeclared package; `packages` are the dependencies that rooms may load. */
export function checkDoors(modules: readonly Module[], packages: readonly string[]): Violation[] {
  return modules.flatMap((module) => {
    const room = roomOf(module.path);
    if (openFolders.includes(room) || looseFiles.includes(module.path)) return [];
    if (!Object.hasOwn(doors, room))
      return [`${module.path}: the doors table does not name the folder ${room}`];
    return [
      ...module.imports.flatMap((found) => checkImport(module.path, found, packages)),
      ...owners.flatMap((owner) => checkOwner(module, owner)),
    ];
  });
}

/** First folder of a path; the path itself for a file outside every folder. */
export function roomOf(path: string): string {
  return path.split('/')[0] ?? path;
}

/** Path of the file that an import of ours names; undefined for a package or a part of Node. */
export function resolveImport(from: string, specifier: string): string | undefined {
  if (specifier.startsWith('#')) return specifier.slice(1);
  return specifier.startsWith('.') ? posix.join(posix.dirname(from), specifier) : undefined;
}

function checkImport(from: string, found: Import, packages: readonly string[]): Violation[] {
  const at = `${from}:${found.line}`;
  if (found.specifier === computed) return [`${at}: imports a path that is put together at run time`];
  const target = resolveImport(from, found.specifier);
  if (target === undefined) {
    const name = packageOf(found.specifier);
    return name.startsWith('node:') || packages.includes(name)
      ? []
      : [`${at}: package ${name} is not declared`];
  }
  const room = roomOf(from);
  if (roomOf(target) === room) return [];
  const door = doors[room] ?? { may: [] };
  if (within(target, door.never)) return [`${at}: ${room} must not import ${target}`];
  if (within(target, door.may)) return [];
  if (within(target, door.lazy))
    return found.lazy ? [] : [`${at}: ${room} may import ${target} only by import()`];
  return [`${at}: ${room} must not import ${target}`];
}

/** Name of the package in an import: `@scope/name` or `name`; parts of Node keep their path (`node:timers/promises`). */
export function packageOf(specifier: string): string {
  if (specifier.startsWith('node:')) return specifier;
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}

function within(path: string, places: readonly string[] | undefined): boolean {
  return (places ?? []).some(
    (place) => path === place || path.startsWith(place.endsWith('/') ? place : `${place}/`),
  );
}

function checkOwner(module: Module, owner: Owner): Violation[] {
  if (within(module.path, owner.by)) return [];
  const where = owner.by.length === 0 ? 'is forbidden' : `belongs to ${owner.by.join(', ')}`;
  const imports = module.imports
    .filter((found) => owner.imports?.some((name) => matches(packageOf(found.specifier), name)))
    .map((found) => `${module.path}:${found.line}: ${found.specifier} ${where}`);
  const uses = module.facts
    .filter((fact) => fact.kind === 'use' && owner.uses?.includes(fact.name))
    .map((fact) => `${module.path}:${fact.line}: ${fact.name} ${where}`);
  return [...imports, ...uses];
}

function matches(name: string, pattern: string): boolean {
  return pattern.endsWith('/*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}
