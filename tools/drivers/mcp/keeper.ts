import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import type { Clock } from '#core/clock.ts';
import { messageOf } from '#core/errors.ts';
import { shortForeign } from '../http-text.ts';
import { connectMcp, type McpConnection } from './client.ts';
import type { Definition } from './definition.ts';
import { within } from './limit.ts';

/** For the process to start and introduce itself. */
const CONNECT_MS = 15_000;

/** Makes a way to a server; whoever asks for it starts and closes it. `onTooLarge`: a message was cut off. */
export type Open = (onTooLarge: () => void) => Promise<Transport>;

/** A server while it is connected. */
export type Live = {
  readonly connection: McpConnection;
  /** Ends it, and forgets it where it is the one in use. */
  readonly drop: () => void;
  /** When the list was read, in the clock's monotonic time; null: it must be read before the next look. */
  listedAt: number | null;
  reading: Promise<readonly Definition[]> | null;
  /** Answers in a row that came too late. */
  late: number;
  readonly cut: { tooLarge: boolean };
};

type Attempt = { promise: Promise<Live> | null };

/**
 * The one connection to a server.
 *
 * idle -> connecting (somebody needs it) -> open -> idle (it ended, or was dropped) ; connecting -> idle (it failed) ; any -> stopped.
 */
export class Keeper {
  readonly #open: Open;
  readonly #clock: Clock;
  #current: Attempt | null = null;
  /** All that were opened and have not ended. */
  readonly #opened = new Set<Transport>();
  #stopped = false;
  /** Why the last try failed; null where it did not. */
  problem: string | null = null;

  constructor(open: Open, clock: Clock) {
    this.#open = open;
    this.#clock = clock;
  }

  /** The connection that is there, or a new one. Rejects when none can be made. */
  connected(): Promise<Live> {
    if (this.#stopped) return Promise.reject(new Error('the server stops'));
    if (this.#current?.promise) return this.#current.promise;
    const attempt: Attempt = { promise: null };
    this.#current = attempt;
    attempt.promise = this.#connect(() => this.#forget(attempt)).catch((error: unknown) => {
      this.#forget(attempt);
      this.problem = shortForeign(messageOf(error));
      throw error;
    });
    return attempt.promise;
  }

  /** Resolves when nothing of the server runs any more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    const attempt = this.#current?.promise;
    await Promise.all([...this.#opened].map((transport) => transport.close()));
    await attempt?.catch(() => undefined);
  }

  #forget(attempt: Attempt): void {
    if (this.#current === attempt) this.#current = null;
  }

  async #connect(forget: () => void): Promise<Live> {
    const cut = { tooLarge: false };
    const transport = await this.#open(() => {
      cut.tooLarge = true;
    });
    this.#opened.add(transport);
    const known: { live: Live | null } = { live: null };
    const onListChanged = (): void => {
      if (known.live !== null) known.live.listedAt = null;
    };
    const onClosed = (): void => {
      this.#opened.delete(transport);
      forget();
    };
    const drop = (): void => {
      forget();
      transport.close().catch(() => undefined);
    };
    const limit = { clock: this.#clock, ms: CONNECT_MS, what: 'introduction' };
    try {
      const connection = await within(limit, (signal) =>
        connectMcp(transport, { onListChanged, onClosed }, signal),
      );
      this.problem = null;
      known.live = { connection, drop, listedAt: null, reading: null, late: 0, cut };
      return known.live;
    } catch (error) {
      await transport.close().catch(() => undefined);
      throw error;
    }
  }
}
