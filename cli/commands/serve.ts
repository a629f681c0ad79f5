import type { Common, Context, Outcome } from '../context.ts';
import { configPath, dataDirOf } from '../data-dir.ts';
import { version } from '../version.ts';

/** Runs the server until the process is told to end. */
export async function runServer(options: Common, context: Context): Promise<Outcome> {
  const { serve } = await import('#server/main.ts');
  const dataDir = dataDirOf(options, context);
  const stopped = context.interrupted();
  const running = await serve({ configPath: configPath(options, context), dataDir, version: version() });
  context.err(
    `firebreak ${version()} listens on ${running.url}, data in ${dataDir}; look at it with: firebreak status`,
  );
  await stopped;
  context.err('stopping');
  await running.stop();
  return { lines: [], json: { stopped: true } };
}
