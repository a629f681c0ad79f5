import dgram from 'node:dgram';
import dns from 'node:dns';
import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';
import { isLoopback } from './style.ts';

const refusals: string[] = [];
let isClosed = false;

/** What was refused since the last call, one line each, and forgets it. */
export function takeRefusals(): string[] {
  return refusals.splice(0);
}

/**
 * Lets this process reach only itself: a connection, datagram or look-up of a name that leaves the machine fails as
 * a broken network would, and is noted, so that code which copes with broken networks does not hide it. Processes
 * started by a test are not covered. Once is enough.
 */
export function closeNetwork(): void {
  if (isClosed) return;
  isClosed = true;
  const { connect } = net.Socket.prototype;
  replace(net.Socket.prototype, 'connect', function (this: net.Socket, ...args: unknown[]) {
    const refused = refusal('connection to', hostOf(args));
    return refused ? this.destroy(refused) : Reflect.apply(connect, this, args);
  });
  for (const method of ['send', 'connect'] as const) {
    const original = dgram.Socket.prototype[method];
    replace(dgram.Socket.prototype, method, function (this: dgram.Socket, ...args: unknown[]) {
      const refused = refusal('datagram to', args.slice(1).find(isText) ?? 'localhost');
      if (refused) throw refused;
      return Reflect.apply(original, this, args);
    });
  }
  closeNames();
  syncBuiltinESMExports();
}

/** Every function of node:dns that asks for a name; `reverse` and `lookupService` ask for an address. */
function closeNames(): void {
  const asks = (name: string) => /^(?:lookup|resolve|reverse)/.test(name);
  for (const name of Object.keys(dns).filter(asks)) {
    const original: unknown = Reflect.get(dns, name);
    replace(dns, name, (...args: unknown[]) => {
      const refused = refusal('look-up of', String(args[0] || 'localhost'));
      const done = args.at(-1);
      if (typeof original !== 'function' || typeof done !== 'function') throw refused ?? new TypeError(name);
      return refused ? process.nextTick(done, refused) : Reflect.apply(original, dns, args);
    });
  }
  for (const name of Object.keys(dns.promises).filter(asks)) {
    const original: unknown = Reflect.get(dns.promises, name);
    replace(dns.promises, name, async (...args: unknown[]) => {
      const refused = refusal('look-up of', String(args[0] || 'localhost'));
      if (refused || typeof original !== 'function') throw refused ?? new TypeError(name);
      return await Reflect.apply(original, dns.promises, args);
    });
  }
}

function replace(object: object, name: string, value: unknown): void {
  Object.defineProperty(object, name, { value, writable: true, configurable: true, enumerable: true });
}

function refusal(what: string, host: string | undefined): Error | undefined {
  if (host === undefined || isLoopback(host)) return undefined;
  const line = `${what} ${host} refused: tests may only reach this machine`;
  refusals.push(line);
  return Object.assign(new Error(line), { code: 'ENETUNREACH' });
}

/**
 * Host of a `Socket.connect` call in any of its forms: options, port and host, or what Node's own code passes, a list
 * that holds the options. Undefined for a pipe, which cannot leave the machine.
 */
function hostOf(args: readonly unknown[]): string | undefined {
  const first: unknown = Array.isArray(args[0]) ? args[0][0] : args[0];
  if (typeof first === 'object' && first !== null) {
    if (isText(Reflect.get(first, 'path'))) return undefined;
    return String(Reflect.get(first, 'host') || 'localhost');
  }
  if (isText(first) && !/^\d+$/.test(first)) return undefined;
  return isText(args[1]) ? args[1] : 'localhost';
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
