import { Agent, buildConnector } from 'undici';
import { pinnedLookup, type Resolve } from './pinned-lookup.ts';
import { type EgressRule, targetOf } from './rules.ts';

/** For libraries that bring their own client and let the connections be made elsewhere. */
export type EgressDispatcher = {
  readonly dispatcher: Agent;
  /** Ends the connections that were made, also those that a library took over and left. */
  drop(): void;
};

const CONNECT_MS = 10_000;

/**
 * Connections under the same rules as those of `createEgress`: to what a rule names alone, every address judged before,
 * certificates always verified. Speaks HTTP/1.1, so that a WebSocket has its connection to itself. Must be dropped.
 */
export function createDispatcher(rules: readonly EgressRule[], resolve?: Resolve): EgressDispatcher {
  const open = new Set<{ destroy(): unknown }>();
  const connect: buildConnector.connector = (options, done) => {
    try {
      const lookup = pinnedLookup(targetOf(new URL(`${options.protocol}//${options.host}`), rules), resolve);
      const make = buildConnector({
        ...{ allowH2: false, timeout: CONNECT_MS, lookup },
        ...{ rejectUnauthorized: true, minVersion: 'TLSv1.2' },
      });
      make(options, (error, socket) => {
        if (error !== null) return done(error, null);
        open.add(socket);
        socket.once('close', () => open.delete(socket));
        done(null, socket);
      });
    } catch (error) {
      done(error instanceof Error ? error : new Error(String(error)), null);
    }
  };
  return {
    dispatcher: new Agent({ connect }),
    drop: () => {
      for (const socket of open) socket.destroy();
    },
  };
}
