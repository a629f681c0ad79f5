import { type Cidr, type Ip, inAny, LOOPBACK, parseCidr, parseIp, TAILNET } from '../ip.ts';

/**
 * What may be found at an address. `machine_services`: what a cloud or a link gives to the machine itself, such as its
 * credentials. Only `global` addresses are of the internet.
 */
export type AddressClass =
  | 'global'
  | 'private'
  | 'loopback'
  | 'machine_services'
  | 'unspecified'
  | 'multicast'
  | 'reserved';

const blocks = (...texts: readonly string[]): readonly Cidr[] =>
  texts.flatMap((text) => parseCidr(text) ?? []);

/** In this order: the first that holds the address decides. Blocks that hold an IPv4 address inside IPv6 are read before. */
const CLASSES: readonly (readonly [AddressClass, readonly Cidr[]])[] = [
  ['loopback', LOOPBACK],
  [
    'machine_services',
    [
      ...blocks('169.254.0.0/16', 'fe80::/10'),
      // Clouds give out credentials there: Alibaba, Azure; AWS, Google, Oracle and Scaleway over IPv6.
      ...blocks('100.100.100.200/32', '168.63.129.16/32'),
      ...blocks('fd00:ec2::/32', 'fd20:ce::/32', 'fd00:c1::/32', 'fd00:42::42/128'),
    ],
  ],
  ['unspecified', blocks('0.0.0.0/8', '::/128')],
  ['multicast', blocks('224.0.0.0/4', 'ff00::/8')],
  ['private', [...blocks('10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'), TAILNET]],
  [
    'reserved',
    [
      ...blocks('192.0.0.0/24', '192.0.2.0/24', '192.88.99.0/24', '198.18.0.0/15', '198.51.100.0/24'),
      ...blocks('203.0.113.0/24', '240.0.0.0/4', '2001::/23', '2001:db8::/32', '3fff::/20'),
    ],
  ],
];
const GLOBAL_V6 = blocks('2000::/3');

/** Blocks whose addresses lead to the IPv4 address inside them, and how many bits follow that. */
const HOLDING: readonly { readonly block: readonly Cidr[]; readonly after: bigint }[] = [
  { block: blocks('64:ff9b::/96'), after: 0n },
  { block: blocks('2002::/16'), after: 80n },
];

/** What an address is, in its usual spelling; one that cannot be read is `reserved`. */
export function classOf(address: string): AddressClass {
  const ip = parseIp(address);
  return ip === undefined ? 'reserved' : classOfIp(ip);
}

function classOfIp(ip: Ip): AddressClass {
  const holding = HOLDING.find(({ block }) => inAny(ip, block));
  if (holding !== undefined)
    return classOfIp({ family: 4, value: (ip.value >> holding.after) & 0xffffffffn });
  const named = CLASSES.find(([, cidrs]) => inAny(ip, cidrs));
  if (named !== undefined) return named[0];
  return ip.family === 4 || inAny(ip, GLOBAL_V6) ? 'global' : 'reserved';
}
