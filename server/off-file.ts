import { existsSync, watch } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '#core/errors.ts';
import { fact, SYSTEM, stopStream } from '#incidents/entry.ts';
import type { Start } from './start.ts';

/** Whether the file OFF lies in the data directory. */
export function hasOffFile({ options }: Start): boolean {
  return existsSync(join(options.dataDir, 'OFF'));
}

/** The file OFF only stops: that it appeared is recorded, and it takes effect by being there. Returns how to stop watching. */
export function watchOffFile(start: Start): () => void {
  const { options, log, folds, logger } = start;
  let noting = false;
  const note = (): void => {
    if (!hasOffFile(start) || folds.stops.off || noting) return;
    noting = true;
    const draft = fact(
      'off.set',
      { on: true, by: 'file OFF' },
      { actor: SYSTEM, traceId: 'stop', streams: [stopStream] },
    );
    log
      .append([draft])
      .catch((error: unknown) => logger.error({ where: 'off' }, messageOf(error)))
      .finally(() => {
        noting = false;
      });
  };
  const watcher = watch(options.dataDir, (_event, name) => {
    if (name === 'OFF') note();
  });
  note();
  return () => watcher.close();
}
