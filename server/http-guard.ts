import type { IncomingMessage } from 'node:http';
import { inAny, LOOPBACK, parseIp } from '#core/ip.ts';
import type { Caller } from './http-peer.ts';
import type { Listen } from './listen-rules.ts';

/** Headers that mean nothing good when they are there twice: one reader takes the first, the next one the last. */
const ONCE: ReadonlySet<string> = new Set(['host', 'authorization', 'origin', 'x-correlation-id']);
/** Known by nobody's browser, and open anyway: what looks after the process asks from anywhere. */
const OPEN: ReadonlySet<string> = new Set(['/healthz', '/readyz']);

export type Turned = { readonly status: 400 | 403 | 405; readonly error: string };

/**
 * Why a request is turned away before anything of it is looked at: web pages (any Origin, a Host that is not ours, what a
 * browser asks before it asks), requests that two readers would read differently, and what came past the proxy. Pure.
 */
export function turnedAway(
  { method, url, headers, rawHeaders }: Pick<IncomingMessage, 'method' | 'url' | 'headers' | 'rawHeaders'>,
  caller: Caller,
  listen: Listen,
): Turned | undefined {
  const names = rawHeaders.filter((_text, at) => at % 2 === 0).map((name) => name.toLowerCase());
  const twice = names.find((name, at) => ONCE.has(name) && names.indexOf(name) !== at);
  if (twice !== undefined) return { status: 400, error: `the header ${twice} is there twice` };
  if (!(url ?? '').startsWith('/')) return { status: 400, error: 'the address must begin with a slash' };
  if (!isOwnHost(headers.host, listen))
    return {
      status: 403,
      error: 'the Host header names neither this machine nor one of listen.hosts in the config',
    };
  if (headers.origin !== undefined)
    return { status: 403, error: 'web pages may not ask: requests with an Origin header are refused' };
  if (method !== 'GET' && method !== 'POST') return { status: 405, error: 'only GET and POST are answered' };
  if (caller.isPastProxy && !OPEN.has(url ?? ''))
    return { status: 403, error: 'this came past the proxy; only listen.trusted_proxies are answered' };
  return undefined;
}

/** `name`, `name:7411`, `127.0.0.1:7411`, `[::1]:7411`; nothing else. */
const HOST = /^(\[[0-9a-fA-F:.]{2,45}\]|[A-Za-z0-9.-]{1,253})(?::\d{1,5})?$/;

/** Whether a Host header names us: any other name means that a web page was tricked into calling us. */
function isOwnHost(header: string | undefined, { host, hosts }: Listen): boolean {
  const name = HOST.exec(header ?? '')?.[1]?.toLowerCase();
  if (name === undefined) return false;
  if (name === 'localhost' || hosts.includes(name)) return true;
  const ip = parseIp(name.replace(/^\[|\]$/g, ''));
  const own = parseIp(host);
  if (ip === undefined || (name.startsWith('[') && !name.includes(':'))) return false;
  return inAny(ip, LOOPBACK) || (own !== undefined && ip.family === own.family && ip.value === own.value);
}
