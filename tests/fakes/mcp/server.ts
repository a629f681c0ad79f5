import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/**
 * A server as a process, which speaks over its standard input and output and does with each call what its tool says. Written by
 * hand: what is tested is the other side. `--ignore-end` stays when its input is closed, and when it is asked to end.
 */
type Request = { id?: number; method: string; params?: { name?: string } };

const tools = ['environment', 'flood', 'huge', 'die', 'child', 'garbage', 'chatter'].map((name) => ({
  name,
  inputSchema: { type: 'object' },
  annotations: { readOnlyHint: true },
}));

const deeds: Record<string, () => string> = {
  environment: () =>
    JSON.stringify({ names: Object.keys(process.env), cwd: process.cwd(), argv: process.argv.slice(2) }),
  flood: () => {
    for (let n = 0; n < 20_000; n += 1) process.stderr.write(`\u001b[31mline ${n} password=hunter2\n`);
    return 'flooded';
  },
  huge: () => {
    const part = Buffer.alloc(1024 * 1024, 'x');
    for (let n = 0; n < 50; n += 1) process.stdout.write(part);
    return '';
  },
  die: () => process.exit(3),
  child: () => {
    const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60_000)'], { stdio: 'inherit' });
    return String(child.pid);
  },
  chatter: () => {
    for (let id = 0; id < 4000; id += 1)
      process.stdout.write(`{"jsonrpc":"2.0","id":${id},"method":"sampling/createMessage","params":{}}\n`);
    return 'after chatter';
  },
  garbage: () => {
    process.stdout.write('npm warn this is no message\n{"jsonrpc":\n[1,2]\n');
    return 'after garbage';
  },
};

function resultOf({ method, params }: Request): object {
  if (method === 'initialize') {
    const serverInfo = { name: 'fake', version: '1' };
    return { protocolVersion: '2025-06-18', capabilities: { tools: {} }, serverInfo };
  }
  if (method === 'tools/list') return { tools };
  return { content: [{ type: 'text', text: deeds[params?.name ?? '']?.() ?? 'no such tool' }] };
}

const stays = process.argv.includes('--ignore-end');
if (stays) {
  process.on('SIGTERM', () => {});
  // Longer than any test: nothing is left behind by one that failed.
  setTimeout(() => process.exit(), 60_000);
}
const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => {
  const request: Request = JSON.parse(line);
  if (request.id === undefined) return;
  process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', id: request.id, result: resultOf(request) })}\n`);
});
lines.on('close', () => {
  if (!stays) process.exit(0);
});
