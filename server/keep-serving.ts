import type { Clock } from '#core/clock.ts';
import { messageOf } from '#core/errors.ts';

/** A server over one opening of the log. */
export type Served = {
  readonly url: string;
  readonly port: number;
  /** Tries whether a log that could not be written can be again; true when starting anew will do. */
  mended(): boolean;
  stop(): Promise<void>;
};

export type Keeping = {
  /** `port` is that of the earlier start; undefined for the first. */
  readonly start: (port: number | undefined) => Promise<Served>;
  readonly clock: Clock;
  readonly onRestart: (message: string) => void;
};

const LOOK_MS = 1000;

/**
 * Serves until `stop`. States: serving; a log that cannot be written keeps it serving, with every delivery and change
 * refused; when the disk takes bytes again it stops, and starts anew at the same port: a start replays the log, which is
 * the only way to know what is true after a failed write. A start that fails is tried again. Throws as the first start does.
 */
export async function keepServing({
  start,
  clock,
  onRestart,
}: Keeping): Promise<{ url: string; stop(): Promise<void> }> {
  const first = await start(undefined);
  let serving: Served | undefined = first;
  let stopping = false;
  let restarting = Promise.resolve();
  let cancel = () => {};

  const restart = async (): Promise<void> => {
    onRestart('the disk takes bytes again: starting anew');
    const { port } = serving ?? first;
    await serving?.stop();
    serving = undefined;
    while (!stopping && serving === undefined) {
      try {
        serving = await start(port);
      } catch (error) {
        onRestart(`cannot start: ${messageOf(error)}`);
        await clock.sleep(LOOK_MS);
      }
    }
  };
  const look = (): void => {
    cancel = clock.after(LOOK_MS, look);
    if (stopping || !serving?.mended()) return;
    cancel();
    restarting = restart()
      .catch((error: unknown) => onRestart(messageOf(error)))
      .finally(() => {
        if (!stopping) cancel = clock.after(LOOK_MS, look);
      });
  };
  cancel = clock.after(LOOK_MS, look);
  return {
    url: first.url,
    stop: async () => {
      stopping = true;
      cancel();
      await restarting;
      await serving?.stop();
    },
  };
}
