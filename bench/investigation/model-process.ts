import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { z } from 'zod';
import { root } from '#tests/tree.ts';

const Ready = z.object({ url: z.string() });

/** Starts the model as its own process; `close` ends it. */
export async function startModel(): Promise<{ url: string; close(): Promise<void> }> {
  const script = join(root, 'bench/investigation/model-server.ts');
  const child = spawn(process.execPath, [script], { stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const line = await new Promise<string>((resolve, reject) => {
    child.stdout.once('data', (data: Buffer) => resolve(data.toString('utf8')));
    child.once('exit', () => reject(new Error('the model did not start')));
  });
  return {
    url: Ready.parse(JSON.parse(line)).url,
    close: async () => {
      child.stdin.end();
      await exited;
    },
  };
}
