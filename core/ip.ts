/**
 * An address as a number. An IPv4 address that is written inside IPv6 (`::ffff:10.0.0.1`) is that IPv4 address, so that
 * no rule is passed by by another spelling.
 */
export type Ip = { readonly family: 4 | 6; readonly value: bigint };

/** A block of addresses: all that share its first `bits` bits. */
export type Cidr = { readonly family: 4 | 6; readonly base: bigint; readonly bits: number };

const LENGTH = { 4: 32, 6: 128 } as const;
/** `::ffff:0:0/96` */
const MAPPED = 0xffffn;

/**
 * Reads an address in its usual spelling only; undefined for every other one (octal, hexadecimal, fewer than four
 * numbers, leading zeros, zones, brackets, spaces).
 */
export function parseIp(text: string): Ip | undefined {
  if (!text.includes(':')) return ipv4(text);
  const value = ipv6(text);
  if (value === undefined) return undefined;
  return value >> 32n === MAPPED ? { family: 4, value: value & 0xffffffffn } : { family: 6, value };
}

/** Reads `10.0.0.0/8` or `fd00::/8`; undefined when it is none, or when bits behind the length are set. */
export function parseCidr(text: string): Cidr | undefined {
  const [address, length, ...rest] = text.split('/');
  if (address === undefined || length === undefined || rest.length > 0) return undefined;
  const ip = parseIp(address);
  if (ip === undefined || !/^(0|[1-9]\d{0,2})$/.test(length)) return undefined;
  const isMapped = ip.family === 4 && address.includes(':');
  const bits = Number(length) - (isMapped ? 96 : 0);
  if (bits < 0 || bits > LENGTH[ip.family]) return undefined;
  const hostBits = BigInt(LENGTH[ip.family] - bits);
  return (ip.value >> hostBits) << hostBits === ip.value
    ? { family: ip.family, base: ip.value, bits }
    : undefined;
}

/** Whether the address lies in the block; never across families. */
export function inCidr(ip: Ip, cidr: Cidr): boolean {
  const hostBits = BigInt(LENGTH[cidr.family] - cidr.bits);
  return ip.family === cidr.family && ip.value >> hostBits === cidr.base >> hostBits;
}

/** Whether the address lies in one of the blocks. */
export function inAny(ip: Ip, cidrs: readonly Cidr[]): boolean {
  return cidrs.some((cidr) => inCidr(ip, cidr));
}

/** One spelling per address, so that it can be counted by: dotted numbers, or eight groups of hexadecimal digits. */
export function ipText({ family, value }: Ip): string {
  const [count, width, base] = family === 4 ? ([4, 8n, 10] as const) : ([8, 16n, 16] as const);
  const parts = Array.from({ length: count }, (_none, index) =>
    ((value >> (width * BigInt(count - 1 - index))) & ((1n << width) - 1n)).toString(base),
  );
  return parts.join(family === 4 ? '.' : ':');
}

/** What failures are counted by: an address; of IPv6 the network that one customer gets, out of which all are theirs. */
export function peerKey(peer: string): string {
  const ip = parseIp(peer);
  return ip?.family === 6 ? `${ipText({ ...ip, value: (ip.value >> 64n) << 64n })}/64` : peer;
}

function ipv4(text: string): Ip | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  let value = 0n;
  for (const part of parts) {
    if (!/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined;
    value = (value << 8n) | BigInt(part);
  }
  return { family: 4, value };
}

function ipv6(text: string): bigint | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const [before, after] = halves.map((half, index) => groups(half, index === halves.length - 1));
  if (before === undefined || (halves.length === 2 && after === undefined)) return undefined;
  const left = 8 - before.length - (after?.length ?? 0);
  if (after === undefined ? left !== 0 : left < 1) return undefined;
  const all = [...before, ...Array.from({ length: left }, () => 0n), ...(after ?? [])];
  return all.reduce((value, group) => (value << 16n) | group, 0n);
}

/** Groups of 16 bits; only the last may be an IPv4 address, which makes two. */
function groups(text: string, isLast: boolean): bigint[] | undefined {
  if (text === '') return [];
  const found: bigint[] = [];
  const parts = text.split(':');
  for (const [index, part] of parts.entries()) {
    if (/^[0-9a-fA-F]{1,4}$/.test(part)) {
      found.push(BigInt(`0x${part}`));
      continue;
    }
    const tail = isLast && index === parts.length - 1 ? ipv4(part) : undefined;
    if (tail === undefined) return undefined;
    found.push(tail.value >> 16n, tail.value & 0xffffn);
  }
  return found;
}

const V4_LOOPBACK: Cidr = { family: 4, base: 127n << 24n, bits: 8 };
const V6_LOOPBACK: Cidr = { family: 6, base: 1n, bits: 128 };

/** This machine only: 127.0.0.0/8 and ::1. */
export const LOOPBACK: readonly Cidr[] = [V4_LOOPBACK, V6_LOOPBACK];

/** Addresses of private overlay networks between one's own machines: 100.64.0.0/10. */
export const TAILNET: Cidr = { family: 4, base: (100n << 24n) | (64n << 16n), bits: 10 };
