import type { LookupAddress } from 'node:dns';
import { lookup } from 'node:dns/promises';
import { isIP, type LookupFunction } from 'node:net';
import { classOf } from './address-class.ts';
import { EgressRefused } from './refused.ts';
import { isThisMachine, type Target } from './rules.ts';

/** Every address of a name, as the system knows it. Throws where there is none. */
export type Resolve = (host: string) => Promise<readonly LookupAddress[]>;

const systemResolve: Resolve = (host) => lookup(host, { all: true });

/**
 * For the `lookup` of a connection: asks for the addresses of the target's name once, judges every one of them, and
 * hands on exactly those, so that what was judged is what is connected to. Fails with `EgressRefused` when one may not
 * be reached. A host that is written as an address is judged here and now: throws the same.
 */
export function pinnedLookup(target: Target, resolve: Resolve = systemResolve): LookupFunction {
  if (isIP(target.host) !== 0) judge(target, [target.host]);
  return (_hostname, { all }, callback) => {
    addressesOf(target, resolve).then(
      (found) => {
        const [first] = found;
        if (all === true || first === undefined) callback(null, [...found]);
        else callback(null, first.address, first.family);
      },
      (error: unknown) => callback(error instanceof Error ? error : new Error(String(error)), []),
    );
  };
}

async function addressesOf(target: Target, resolve: Resolve): Promise<readonly LookupAddress[]> {
  const found = await resolve(target.host);
  if (found.length === 0)
    throw Object.assign(new Error(`${target.host} has no address`), { code: 'ENOTFOUND' });
  judge(
    target,
    found.map(({ address }) => address),
  );
  return found;
}

function judge({ host, scheme, reach }: Target, addresses: readonly string[]): void {
  for (const address of addresses) {
    const is = classOf(address);
    const isHere = isThisMachine(host);
    const isAllowed =
      reach === 'public' ? is === 'global' : isHere ? is === 'loopback' : is === 'private' || is === 'global';
    if (!isAllowed) throw forbidden({ host, address, is: is.replace('_', ' ') });
    if (scheme === 'http' && is === 'global')
      throw new EgressRefused(
        'scheme',
        `${host} is on the internet, where http can be read and changed on the way; use https`,
        { sent: false },
      );
  }
}

function forbidden({ host, address, is }: { host: string; address: string; is: string }): EgressRefused {
  const where = host === address ? host : `${host} leads to ${address}`;
  return new EgressRefused(
    'address_forbidden',
    `${where} (${is}), which is not where it may be, so nothing was sent; see who answers for that name`,
    { sent: false },
  );
}
