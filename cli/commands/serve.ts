import type { Common, Context, Outcome } from '../context.ts';
import { configPath, dataDirOf } from '../data-dir.ts';
import { version } from '../version.ts';

export type ServeFlags = Common & { readonly untilStdinEnds?: boolean };

/** Runs the server until the process is told to end. */
export async function runServer(options: ServeFlags, context: Context): Promise<Outcome> {
  const { serve } = await import('#server/main.ts');
  const dataDir = dataDirOf(options, context);
  const ends = options.untilStdinEnds === true ? [context.stdin()] : [];
  const stopped = Promise.race([context.interrupted(), ...ends]);
  const running = await serve({ configPath: configPath(options, context), dataDir, version: version() });
  context.err(
    `firebreak ${version()} listens on ${running.url}, data in ${dataDir}; look at it with: firebreak status`,
  );
  await stopped;
  context.err('stopping');
  await running.stop();
  return { lines: [], json: { stopped: true } };
}
