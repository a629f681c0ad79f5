import { type Cidr, inCidr, LOOPBACK, parseCidr, parseIp } from '../ip.ts';
import { EgressRefused } from './refused.ts';

/**
 * Where an address may lie. `public`: on the internet, whatever its name is made to say. `configured`: wherever the
 * operator wrote, but for addresses that no server of theirs has.
 */
export type Reach = 'public' | 'configured';

/** Where requests may go. */
export type EgressRule =
  /** One scheme, host and port. */
  | { readonly kind: 'origin'; readonly origin: string; readonly reach: Reach }
  /** A domain and the names below it, over https at its usual port. */
  | { readonly kind: 'below'; readonly domain: string; readonly reach: Reach }
  /** Whatever listens at one host; `loopback`: at any address of this machine. */
  | { readonly kind: 'host'; readonly host: string; readonly reach: 'configured' }
  /** Whatever listens at the addresses of a block, where they are written as addresses. */
  | { readonly kind: 'block'; readonly block: Cidr; readonly reach: 'configured' };

/** What a connection is made to, and what it is allowed to be. */
export type Target = {
  /** Without brackets. */
  readonly host: string;
  readonly scheme: 'http' | 'https';
  readonly reach: Reach;
};

const VENDORS = ['slack.com', 'pagerduty.com', 'github.com', 'anthropic.com', 'openai.com'];

/** Slack's web API, its uploads and its sockets. */
export const SLACK: EgressRule = { kind: 'below', domain: 'slack.com', reach: 'public' };

/** Only the scheme, host and port of this address: `public` where it is a vendor's. Throws on what is no address. */
export function originOf(address: string): EgressRule {
  const { origin, hostname } = new URL(address);
  const isVendor = VENDORS.some((name) => hostname === name || hostname.endsWith(`.${name}`));
  return { kind: 'origin', origin, reach: isVendor ? 'public' : 'configured' };
}

/** Everything at the host of this address; where that is this machine, at any address of it. Throws on what is no address. */
export function hostOf(address: string): EgressRule {
  const host = bareHost(new URL(address));
  return { kind: 'host', host: isThisMachine(host) ? 'loopback' : host, reach: 'configured' };
}

/** Everything at a host, or at the addresses of a block: `node1.internal`, `10.0.0.7`, `10.0.0.0/16`. */
export function anyAt(host: string): EgressRule {
  const isV6 = parseIp(host) !== undefined && host.includes(':');
  const block = parseCidr(host) ?? parseCidr(`${host}/${isV6 ? 128 : 32}`);
  const reach = 'configured';
  return block === undefined
    ? { kind: 'host', host: host.toLowerCase(), reach }
    : { kind: 'block', block, reach };
}

/** What a request to this address is allowed to reach. Throws `EgressRefused` where no rule names it. */
export function targetOf(url: URL, rules: readonly EgressRule[]): Target {
  const scheme = schemeOf(url.protocol);
  if (scheme === undefined)
    throw new EgressRefused('scheme', `${url.protocol} is neither http nor https`, { sent: false });
  const hasUser = url.username !== '' || url.password !== '';
  const rule = hasUser ? undefined : rules.find((one) => isNamed(one, url));
  if (rule === undefined) {
    const what = hasUser ? 'has a user in its address' : 'is not among the addresses of the config';
    throw new EgressRefused(
      'host_not_allowed',
      `${placeOf(url)} ${what}, so nothing was sent; write it there if it is meant`,
      { sent: false },
    );
  }
  return { host: bareHost(url), scheme, reach: rule.reach };
}

/** Host and port, for people. */
export function placeOf(url: URL): string {
  return url.host.slice(0, 80);
}

/** Whether a name means this machine by itself, without asking anybody. */
export function isThisMachine(host: string): boolean {
  const ip = parseIp(host);
  if (ip !== undefined) return LOOPBACK.some((block) => inCidr(ip, block));
  return host === 'localhost' || host.endsWith('.localhost');
}

function isNamed(rule: EgressRule, url: URL): boolean {
  switch (rule.kind) {
    case 'origin':
      return url.origin === rule.origin;
    case 'below':
      return (
        /^(https|wss):$/.test(url.protocol) &&
        url.port === '' &&
        (url.hostname === rule.domain || url.hostname.endsWith(`.${rule.domain}`))
      );
    case 'host':
      return rule.host === 'loopback' ? isThisMachine(bareHost(url)) : bareHost(url) === rule.host;
    case 'block': {
      const ip = parseIp(bareHost(url));
      return ip !== undefined && inCidr(ip, rule.block);
    }
  }
}

function schemeOf(protocol: string): Target['scheme'] | undefined {
  if (protocol === 'https:' || protocol === 'wss:') return 'https';
  return protocol === 'http:' || protocol === 'ws:' ? 'http' : undefined;
}

function bareHost({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, '');
}
