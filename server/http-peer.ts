import { type Cidr, type Ip, inAny, ipText, LOOPBACK, parseIp } from '#core/ip.ts';
import { isProxyOnly, type Listen } from './listen-rules.ts';

/** More proxies in a row than anybody has. */
const MOST_HOPS = 20;

/** Who is at the other end, as far as that can be known. */
export type Caller = {
  /** Address of the machine that asks, in one spelling. */
  readonly peer: string;
  /** It came past the proxies, over a connection that others can read. */
  readonly isPastProxy: boolean;
};

/**
 * Who asks: the other end of the connection. Only where that is a trusted proxy is its `X-Forwarded-For` believed: of its
 * list the last address that is no trusted proxy. What cannot be read there counts as the proxy itself.
 */
export function callerOf(
  remote: string | undefined,
  forwarded: string | undefined,
  listen: Pick<Listen, 'host' | 'tls' | 'trustedProxies'>,
): Caller {
  const socket = parseIp((remote ?? '').replace(/%.*$/, ''));
  if (socket === undefined) return { peer: 'unknown', isPastProxy: isProxyOnly(listen) };
  const isProxy = inAny(socket, listen.trustedProxies);
  // A machine that speaks to its own address is itself.
  const isHere = inAny(socket, LOOPBACK) || ipText(socket) === textOf(listen.host);
  const ip = isProxy ? clientOf(socket, forwarded, listen.trustedProxies) : socket;
  return { peer: ipText(ip), isPastProxy: isProxyOnly(listen) && !isProxy && !isHere };
}

function textOf(host: string): string | undefined {
  const ip = parseIp(host);
  return ip && ipText(ip);
}

function clientOf(proxy: Ip, forwarded: string | undefined, trusted: readonly Cidr[]): Ip {
  let last = proxy;
  for (const hop of (forwarded ?? '').split(',').slice(-MOST_HOPS).toReversed()) {
    const ip = parseIp(hop.trim());
    if (ip === undefined) return last;
    last = ip;
    if (!inAny(ip, trusted)) return ip;
  }
  return last;
}
