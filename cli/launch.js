#!/usr/bin/env node
// Starts the command on Node 24 whatever Node the machine has. Plain JavaScript without imports of ours, so that an
// older Node can read it. On Node 24 or later it is only a door: the command runs in this process.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('./main.ts', import.meta.url));
const pinned = fileURLToPath(new URL('../node_modules/node/bin/node', import.meta.url));

if (Number.parseInt(process.versions.node, 10) >= 24) {
  process.argv[1] = main;
  await import('./main.ts');
} else if (existsSync(pinned)) {
  runPinned();
} else {
  console.error('firebreak needs Node 24: run `npm ci` here first');
  process.exitCode = 1;
}

/** Runs the command on the pinned Node; ends as it ended, by the same exit code or signal. */
function runPinned() {
  const child = spawn(pinned, [main, ...process.argv.slice(2)], { stdio: 'inherit' });
  // A terminal sends Ctrl-C to both processes; passing it on as well would count twice.
  const handlers = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'].map((signal) => {
    const fromTerminal = process.stdin.isTTY && (signal === 'SIGINT' || signal === 'SIGQUIT');
    return [signal, () => fromTerminal || child.kill(signal)];
  });
  for (const [signal, handler] of handlers) process.on(signal, handler);
  child.on('error', (error) => {
    console.error(`firebreak could not start ${pinned}: ${error.message}`);
    process.exitCode = 1;
  });
  child.on('exit', (code, signal) => {
    for (const [name, handler] of handlers) process.off(name, handler);
    if (signal) process.kill(process.pid, signal);
    else process.exitCode = code;
  });
}
