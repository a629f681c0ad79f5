import type { Clock } from '#core/clock.ts';
import { messageOf } from '#core/errors.ts';
import { clip, inert } from '#core/inert.ts';
import { actTools } from '#tools/act/tools.ts';
import type { ChangeOutcome } from '#tools/drivers/ports.ts';
import { openActWorld } from './act-world.ts';
import { Hello, lineCutter, Order, readLine, type Said } from './messages.ts';
import { createPerformer, type Perform } from './perform.ts';

export type ServeChangesDeps = {
  readonly clock: Clock;
  /** Sends one line to the server. */
  readonly say: (line: string) => void;
  /** Ends the process. */
  readonly end: (code: number) => void;
};

/**
 * The child's half of the conversation. Waiting for a hello; then either serving orders, each answered once by its id, or
 * ended. A line that is not what was agreed ends it: an order that cannot be read is never half done.
 */
export function serveChanges({ clock, say, end }: ServeChangesDeps): { hear(chunk: string): void } {
  let perform: Perform | undefined;
  const tell = (said: Said): void => say(JSON.stringify(said));
  const give = async ({ id, permit, deadlineMs }: Order, by: Perform): Promise<void> =>
    tell({ kind: 'outcome', id, outcome: bounded(await by(permit, deadlineMs)) });
  const hear = (line: string): void => {
    if (perform === undefined) {
      perform = begin(readLine(Hello, line), clock, tell);
      return perform === undefined ? end(1) : undefined;
    }
    const order = readLine(Order, line);
    if (order === undefined) return end(1);
    void give(order, perform);
  };
  return { hear: lineCutter(hear, () => end(1)) };
}

function begin(hello: Hello | undefined, clock: Clock, tell: (said: Said) => void): Perform | undefined {
  if (hello === undefined) return undefined;
  const { boot, publicKey, config, digest } = hello;
  try {
    const { world, inventory } = openActWorld({ path: config, digest }, clock);
    const perform = createPerformer({ tools: actTools, world, inventory, clock, boot, publicKey });
    tell({ kind: 'ready' });
    return perform;
  } catch (error) {
    tell({ kind: 'cannot', why: clip(inert(messageOf(error)), 500) });
    return undefined;
  }
}

function bounded(outcome: ChangeOutcome): ChangeOutcome {
  return outcome.kind === 'done' ? outcome : { ...outcome, detail: clip(outcome.detail, 2000) };
}
