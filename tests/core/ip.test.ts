import { isIP } from 'node:net';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { inAny, inCidr, ipText, LOOPBACK, parseCidr, parseIp, peerKey, TAILNET } from '#core/ip.ts';

const ip = (text: string) => {
  const found = parseIp(text);
  if (found === undefined) throw new Error(`${text} is no address`);
  return found;
};
const block = (text: string) => {
  const found = parseCidr(text);
  if (found === undefined) throw new Error(`${text} is no block`);
  return found;
};

test.each([
  ...['', '1', '127.1', '1.2.3', '1.2.3.4.5', '1.2.3.4.', '.1.2.3.4', '256.1.1.1', '1.2.3.-4', '1.2.3.4 '],
  ...['0177.0.0.1', '010.0.0.1', '0x7f.0.0.1', '0x7f000001', '2130706433', '127.0.0.01', '１２７.0.0.1'],
  ...['127。0。0。1', '127.0.0.1\n', '127.0.0.1\0', '127.0.0.1/8', '+127.0.0.1', '1e1.0.0.1'],
  ...[
    ':',
    ':::',
    '::1::',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '::12345',
    'g::',
    '[::1]',
    '::1%eth0',
  ],
  ...[
    '1:2:3:4:5:6:7::8:9',
    '::1.2.3',
    '::1.2.3.4:5',
    '1.2.3.4::',
    '::ffff:0x7f.0.0.1',
    '::ffff:127.1',
    ':1',
    '1:',
  ],
])('%j is no address', (text) => {
  expect(parseIp(text)).toBeUndefined();
});

test.each([
  ['::ffff:127.0.0.1', '127.0.0.1'],
  ['::FFFF:7F00:1', '127.0.0.1'],
  ['0:0:0:0:0:ffff:10.1.2.3', '10.1.2.3'],
  ['::', '0:0:0:0:0:0:0:0'],
  ['::1', '0:0:0:0:0:0:0:1'],
  ['fe80::1', 'fe80:0:0:0:0:0:0:1'],
  ['1::', '1:0:0:0:0:0:0:0'],
  ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
  ['64:ff9b::127.0.0.1', '64:ff9b:0:0:0:0:7f00:1'],
  ['0.0.0.0', '0.0.0.0'],
])('%s is the address %s', (text, same) => {
  expect(ipText(ip(text))).toBe(same);
});

test('what is an address here is one for the platform too, and the other way round but for zones', () => {
  const bits = fc.oneof(fc.ipV4(), fc.ipV6(), fc.stringMatching(/^[0-9a-f:.]{0,24}$/), fc.string());
  fc.assert(
    fc.property(bits, (text) => {
      expect(parseIp(text) !== undefined).toBe(isIP(text) !== 0 && !text.includes('%'));
    }),
    { numRuns: 2000 },
  );
});

test('an address is the same after it was written and read again', () => {
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (text) => {
      expect(parseIp(ipText(ip(text)))).toEqual(ip(text));
    }),
  );
});

test.each([
  ['127.0.0.1', '127.0.0.0/8', true],
  ['128.0.0.0', '127.0.0.0/8', false],
  ['::ffff:10.0.0.7', '10.0.0.0/8', true],
  ['10.0.0.7', '::ffff:10.0.0.0/104', true],
  ['10.0.0.7', '::/0', false],
  ['255.255.255.255', '0.0.0.0/0', true],
  ['fd12::1', 'fd00::/8', true],
  ['fe12::1', 'fd00::/8', false],
  ['10.0.0.7', '10.0.0.7/32', true],
  ['10.0.0.8', '10.0.0.7/32', false],
])('%s in %s: %s', (address, cidr, expected) => {
  expect(inCidr(ip(address), block(cidr))).toBe(expected);
});

test.each([
  ...['10.0.0.0', '10.0.0.0/', '10.0.0.0/33', '10.0.0.0/08', '10.0.0.1/8', '10.0.0.0/8/8', '10/8', '::1/129'],
  ...['::ffff:10.0.0.0/95', '10.0.0.0/-1', '10.0.0.0/ 8', 'fd00::1/8', 'name/8'],
])('%j is no block of addresses', (text) => {
  expect(parseCidr(text)).toBeUndefined();
});

test('loopback and overlay addresses end where their blocks end', () => {
  for (const inside of ['127.0.0.0', '127.255.255.255', '::1', '::ffff:127.0.0.1'])
    expect(inAny(ip(inside), LOOPBACK), inside).toBe(true);
  for (const outside of ['126.255.255.255', '128.0.0.0', '::', '::2', '0.0.0.0', '::127.0.0.1'])
    expect(inAny(ip(outside), LOOPBACK), outside).toBe(false);
  for (const inside of ['100.64.0.0', '100.127.255.255']) expect(inCidr(ip(inside), TAILNET)).toBe(true);
  for (const outside of ['100.63.255.255', '100.128.0.0', '::100.64.0.1'])
    expect(inCidr(ip(outside), TAILNET)).toBe(false);
});

test('failures of one IPv6 network count as one', () => {
  expect(peerKey('2001:db8:0:1:aaaa::1')).toBe(peerKey('2001:db8:0:1:bbbb::2'));
  expect(peerKey('2001:db8:0:1::1')).not.toBe(peerKey('2001:db8:0:2::1'));
  expect([peerKey('1.2.3.4'), peerKey('T1 U1')]).toEqual(['1.2.3.4', 'T1 U1']);
});
