import { type Cidr, inAny, inCidr, LOOPBACK, parseIp, TAILNET } from '#core/ip.ts';

/** Where the server listens and what speaks to it. */
export type Listen = {
  readonly host: string;
  readonly port: number;
  /** Networks in which it may listen, beside this machine and overlay networks. */
  readonly allow: readonly Cidr[];
  /** Names by which it may be called, beside those of this machine and its own address. */
  readonly hosts: readonly string[];
  /** Absolute paths of a certificate with its chain, and of its key; null = plain HTTP. */
  readonly tls: { readonly cert: string; readonly key: string } | null;
  /** Machines that take TLS off and say for whom they ask. */
  readonly trustedProxies: readonly Cidr[];
};

/** What is listened to where the config says nothing. */
export const LOCAL: Omit<Listen, 'host' | 'port'> = { allow: [], hosts: [], tls: null, trustedProxies: [] };

/** Which setting is at fault, and what is wrong with it. */
export type ListenProblem = { readonly setting: 'host' | 'allow'; readonly message: string };

/**
 * Why the server must not listen there; undefined when it may. This machine (127.0.0.0/8, ::1) and overlay networks
 * (100.64.0.0/10) are free; any other address needs TLS, or a proxy that takes it off, and a network of `allow` that it
 * lies in. What stands for every address is always refused, and so is a name, which could come to mean another address.
 */
export function listenProblem(listen: Omit<Listen, 'port' | 'hosts'>): ListenProblem | undefined {
  const ip = parseIp(listen.host);
  if (ip === undefined)
    return {
      setting: 'host',
      message: 'is not an address such as 127.0.0.1 (a name can come to mean another)',
    };
  if (ip.value === 0n)
    return {
      setting: 'host',
      message:
        'is every address of this machine; name one (in Kubernetes: env:POD_IP, set from status.podIP)',
    };
  if (inAny(ip, LOOPBACK) || inCidr(ip, TAILNET)) return undefined;
  if (listen.tls === null && listen.trustedProxies.length === 0)
    return {
      setting: 'host',
      message:
        'can be reached by other machines: it needs listen.tls, or listen.trusted_proxies in front of it',
    };
  if (inAny(ip, listen.allow)) return undefined;
  return {
    setting: 'allow',
    message: `names no network that ${listen.host} lies in; add it, like 10.0.0.0/8`,
  };
}

/** Whether other machines could read what is sent, so that only proxies are answered. */
export function isProxyOnly({ host, tls }: Pick<Listen, 'host' | 'tls'>): boolean {
  const ip = parseIp(host);
  return tls === null && ip !== undefined && !inAny(ip, LOOPBACK) && !inCidr(ip, TAILNET);
}
