import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import { checkClaims, parseClaims } from './claims.ts';
import { COMMANDS_PAGE, checkCommandsPage } from './commands-page.ts';
import { findCycles } from './cycles.ts';
import { checkDoors } from './doors.ts';
import { findLeaks, keptFiles } from './leaks.ts';
import { findMarkers } from './markers.ts';
import { readModule } from './source.ts';
import { checkStyle } from './style.ts';
import { readTree, root } from './tree.ts';

// `npm run check`: everything that can be known without running the product. One line per check, its findings under it.

/** `seen` says how much was looked at, so that a check of nothing shows. */
type Check = { name: string; seen: string; problems: readonly string[] };

const manifest = z.object({ dependencies: z.record(z.string(), z.string()) });

async function main(): Promise<void> {
  const types = runTool('types', ['node_modules/typescript/bin/tsc', '--noEmit', '--pretty', 'false']);
  const lint = runTool('lint', [
    'node_modules/@biomejs/biome/bin/biome',
    'check',
    '--max-diagnostics=50',
    '.',
  ]);
  const checks = [await types, await lint, ...readChecks()];
  for (const { name, seen, problems } of checks) {
    console.log(`${problems.length === 0 ? 'ok  ' : 'FAIL'}  ${name.padEnd(10)}${seen}`);
    for (const problem of problems) console.log(`      ${problem}`);
  }
  const failed = checks.filter((check) => check.problems.length > 0);
  console.log(`${checks.length - failed.length} checks passed, ${failed.length} failed`);
  process.exitCode = failed.length > 0 ? 1 : 0;
}

function readChecks(): Check[] {
  const modules = readTree(['.ts', '.js']).map(readModule);
  const pages = readTree(['.ts', '.js', '.json', '.md', '.yaml', '.yml', '.sh', '.ci/run']);
  const packages = Object.keys(manifest.parse(JSON.parse(pageOf(pages, 'package.json'))).dependencies);
  const security = pageOf(pages, 'SECURITY.md');
  const cycles = findCycles(modules).map((cycle) => `import cycle: ${cycle.join(' -> ')}`);
  const claims = parseClaims(security).claims;
  const kept = keptFiles();
  return [
    {
      name: 'doors',
      seen: `${modules.length} modules`,
      problems: [...checkDoors(modules, packages), ...cycles],
    },
    { name: 'style', seen: `${modules.length} modules`, problems: checkStyle(modules) },
    {
      name: 'claims',
      seen: `${claims.length} claims`,
      problems: checkClaims(security, readTree(['.test.ts'])),
    },
    { name: 'commands', seen: COMMANDS_PAGE, problems: checkCommandsPage(pageOf(pages, COMMANDS_PAGE)) },
    { name: 'leaks', seen: `${kept.length} files`, problems: findLeaks(kept) },
    { name: 'markers', seen: `${pages.length} files`, problems: findMarkers(pages) },
  ];
}

function pageOf(pages: readonly { path: string; text: string }[], path: string): string {
  return pages.find((page) => page.path === path)?.text ?? '';
}

/** Runs a tool of node_modules; any exit code but 0 is a problem, told in the tool's own words. */
async function runTool(name: string, args: readonly string[]): Promise<Check> {
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = once(child, 'close');
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  await ended;
  const lines = `${out}\n${err}`.split('\n').filter((line) => line.trim() !== '');
  const problems = child.exitCode === 0 ? [] : [...lines, `exit code ${child.exitCode ?? child.signalCode}`];
  return {
    name,
    seen: lines.find((line) => line.startsWith('Checked ')) ?? 'all of tsconfig.json',
    problems,
  };
}

await main();
