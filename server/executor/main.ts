import { realClock } from '#core/clock.ts';
import { serveChanges } from './serve-changes.ts';

// The process that makes changes: the only one with credentials for that. It starts with an empty environment, takes
// lines on its standard input, and ends when that ends, so that it never outlives the server that started it.

const { stdin, stdout } = process;
stdout.on('error', () => process.exit(1));
const changes = serveChanges({
  clock: realClock,
  say: (line) => void stdout.write(`${line}\n`),
  end: (code) => process.exit(code),
});
stdin.setEncoding('utf8');
stdin.on('data', (chunk) => changes.hear(String(chunk)));
stdin.on('end', () => process.exit(0));
stdin.on('error', () => process.exit(1));
// Whoever stops the server with Ctrl-C stops the whole group: what is under way is told to the server first.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {});
