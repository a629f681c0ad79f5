import type { Agent } from 'node:http';
import { isIP, type LookupFunction } from 'node:net';

/**
 * The same agent, but it asks the `lookup` of a request before it makes a socket: where that refuses, there never is one,
 * and a kept connection costs no look-up. A host that is written as an address is connected to as it is.
 */
export function judgingFirst<T extends Agent>(agent: T): T {
  const connect = agent.createConnection.bind(agent);
  agent.createConnection = (options, done) => {
    const { lookup, host } = options;
    if (lookup === undefined || isIP(host ?? '') !== 0) return connect(options, done);
    lookup(host ?? '', { all: true }, (error, found) => {
      if (error) return void (done && Reflect.apply(done, agent, [error]));
      const socket = connect({ ...options, lookup: knownLookup(found) });
      if (socket) done?.(null, socket);
    });
    return null;
  };
  return agent;
}

type Found = Parameters<Parameters<LookupFunction>[2]>[1];

/** Gives what was found before, whatever it is asked. */
function knownLookup(found: Found): LookupFunction {
  return (_hostname, { all }, callback) => {
    const [first] = typeof found === 'string' ? [] : found;
    if (all === true || first === undefined) callback(null, found);
    else callback(null, first.address, first.family);
  };
}
