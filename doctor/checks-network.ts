import { inAny, inCidr, LOOPBACK, parseIp, TAILNET } from '#core/ip.ts';
import { type Check, fail, listed, ok, plural, type Verdict, warn, whenKnown } from './check.ts';
import type { Facts, ListenFact, SocketFact } from './facts.ts';

const DAY = 24 * 3_600_000;

type Reach = 'own' | 'wildcard' | 'others';

/** Who can reach an address: this machine and its private overlay, everybody, or others. */
function reachOf(host: string): Reach {
  if (host === 'localhost') return 'own';
  const ip = parseIp(host);
  if (ip === undefined) return 'others';
  if (inAny(ip, LOOPBACK) || inCidr(ip, TAILNET)) return 'own';
  return ip.value === 0n ? 'wildcard' : 'others';
}

const nameOf = ({ process, pid, address, port }: SocketFact): string =>
  `the ${process} (process ${pid}) listens on ${address} port ${port}`;

const binds: Check = {
  id: 'binds',
  severity: 'critical',
  about:
    'The server and its child processes listen where only this machine reaches them, or on an address that the config names, with TLS or behind a declared proxy.',
  remedy:
    'Set listen.host to 127.0.0.1. For other machines name one address, and set listen.tls, or listen.trusted_proxies.',
  run: ({ listen, sockets }) => {
    if (sockets.kind === 'known') return judgeSockets(sockets.value, listen);
    return whenKnown(listen, (declared) =>
      reachOf(declared.host) === 'own'
        ? ok(`the config says ${declared.host}; what listens was not looked at: ${sockets.why}`)
        : judgeDeclared(declared),
    );
  },
};

function judgeSockets(sockets: readonly SocketFact[], listen: Facts['listen']): Verdict {
  const wild = sockets.filter(({ address }) => reachOf(address) === 'wildcard');
  if (wild.length > 0)
    return fail(
      listed(wild.map(nameOf)),
      'everybody who reaches this machine reaches it: name one address (listen.host), or stop that process',
    );
  const open = sockets.filter(({ address }) => reachOf(address) === 'others');
  const declared = listen.kind === 'known' ? listen.value : null;
  const strange = open.filter(({ address }) => declared === null || !isSame(address, declared.host));
  if (strange.length > 0)
    return fail(
      listed(strange.map(nameOf)),
      'others reach it, and the config does not say so: stop that process',
    );
  if (open.length > 0 && declared !== null) return judgeDeclared(declared);
  return ok(sockets.length === 0 ? 'nothing listens' : listed(sockets.map(nameOf)));
}

/** Whatever the spelling: the system writes IPv6 in full. */
function isSame(address: string, host: string): boolean {
  const [one, other] = [parseIp(address), parseIp(host)];
  return one !== undefined && one.family === other?.family && one.value === other.value;
}

function judgeDeclared({ host, tls, proxied }: ListenFact): Verdict {
  if (tls || proxied)
    return ok(`${host} is reached by others, ${tls ? 'with TLS' : 'through a declared proxy'}`);
  return fail(
    `${host} is reached by others without TLS or a declared proxy`,
    'set listen.host to 127.0.0.1, or set listen.tls or listen.trusted_proxies',
  );
}

const ports: Check = {
  id: 'ports',
  severity: 'high',
  about: 'Nothing of Firebreak listens but the one address of the config: no debugger, no second server.',
  remedy: 'Start Firebreak without --inspect and without NODE_OPTIONS; stop what else listens.',
  run: ({ sockets, listen }) =>
    whenKnown(sockets, (all) => {
      const declared = listen.kind === 'known' ? listen.value : null;
      const isAsked = ({ process, port }: SocketFact): boolean =>
        process === 'server' && (declared === null || declared.port === 0 || declared.port === port);
      const others = all.filter((one) => !isAsked(one));
      if (others.length > 0)
        return fail(
          listed(others.map(nameOf)),
          'stop it: the config names no such port; a debugger lets anybody run code',
        );
      const asked = all.filter(isAsked);
      if (asked.length > 1 && declared?.port === 0)
        return fail(listed(asked.map(nameOf)), 'one of these is not the server: stop it');
      return ok(asked.length === 0 ? 'nothing listens' : `port ${asked[0]?.port ?? 0}, as the config says`);
    }),
};

const tls: Check = {
  id: 'tls',
  severity: 'high',
  about: 'The certificate that the server shows is valid for another month.',
  remedy: 'Put a new certificate in the place of listen.tls.cert, and start Firebreak again.',
  run: ({ tls: fact, now }) =>
    whenKnown(fact, (found) => {
      if (found === null) return ok('no certificate is configured');
      const left = Math.floor((found.notAfter - now) / DAY);
      const fix = `put a new certificate into ${found.path} and start Firebreak again`;
      if (left < 0) return fail(`the certificate ${found.path} is no longer valid`, fix);
      if (left < 7) return fail(`the certificate ${found.path} ends in ${plural(left, 'day')}`, fix);
      if (left < 30) return warn(`the certificate ${found.path} ends in ${plural(left, 'day')}`, fix);
      return ok(`the certificate ends in ${plural(left, 'day')}`);
    }),
};

/** These make TLS worthless, whoever set them. */
const WEAKENS: ReadonlySet<string> = new Set(['NODE_TLS_REJECT_UNAUTHORIZED', 'NODE_OPTIONS']);

const egress: Check = {
  id: 'egress',
  severity: 'medium',
  about:
    'Nothing in the environment redirects or weakens outgoing requests, and every address of another machine uses TLS.',
  remedy:
    'Start Firebreak without proxy variables (they are not used), without NODE_OPTIONS and NODE_TLS_REJECT_UNAUTHORIZED; write https: in the config.',
  run: ({ egress: fact }) =>
    whenKnown(fact, ({ variables, plain }) => {
      const bad = variables.filter((name) => WEAKENS.has(name));
      if (bad.length > 0)
        return fail(`${listed(bad)} is set for the server`, `start it without ${listed(bad)}`);
      if (plain.length > 0)
        return warn(
          `${listed(plain)}: what is sent there, tokens too, can be read on the way`,
          'use https: there, or an address of this machine',
        );
      if (variables.length > 0)
        return warn(
          `${listed(variables)} is set, and is not used`,
          `start the server without ${listed(variables)}`,
        );
      return ok('no proxy variables, TLS to every other machine');
    }),
};

export const networkChecks: readonly Check[] = [binds, ports, tls, egress];
