import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EgressRefused } from '#core/egress/refused.ts';
import { anyAt, hostOf, originOf, SLACK, targetOf } from '#core/egress/rules.ts';
import { createEgress } from '#core/egress.ts';

/** Whoever is led astray on this machine lands here; elsewhere the guard of the tests notes it. */
const trap = createServer((socket) => void socket.end());
let fallen = 0;
let port = 0;

beforeAll(async () => {
  trap.on('connection', () => {
    fallen += 1;
  });
  trap.listen(0, '127.0.0.1');
  await once(trap, 'listening');
  const address = trap.address();
  port = typeof address === 'object' && address !== null ? address.port : 0;
});
afterAll(() => {
  trap.close();
  expect(fallen).toBe(0);
});

const here = (text: string): string => text.replaceAll('PORT', String(port));

/** What becomes of a request, where every name has these addresses. */
async function reasonFor(
  rules: Parameters<typeof createEgress>[0]['rules'],
  url: string,
  found: readonly string[],
) {
  const asked: string[] = [];
  const { fetch } = createEgress({
    rules,
    resolve: async (host) => {
      asked.push(host);
      return found.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
    },
  });
  const error = await fetch(here(url)).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'refused_by_egress', sent: false });
  return { reason: Object(error).reason, message: String(Object(error).message), asked };
}

describe('an address that the config does not name', () => {
  const rules = [originOf('http://10.0.0.5:9090'), originOf('http://prom.internal:9090'), SLACK];
  test.each([
    'http://169.254.169.254/latest/meta-data/',
    'http://2852039166/',
    'http://0xa9fea9fe/',
    'http://0251.0376.0251.0376/',
    'http://0xa9.254.43518/',
    'http://127.1:PORT/',
    'http://0:PORT/',
    'http://0.0.0.0:PORT/',
    'http://2130706433:PORT/',
    'http://0x7f000001:PORT/',
    'http://0177.0.0.1:PORT/',
    'http://localhost:PORT/',
    'http://[::1]:PORT/',
    'http://[::]:PORT/',
    'http://[::ffff:127.0.0.1]:PORT/',
    'http://[0:0:0:0:0:ffff:7f00:1]:PORT/',
    'http://[::ffff:a9fe:a9fe]/',
    'http://[64:ff9b::a9fe:a9fe]/',
    'http://[2002:a9fe:a9fe::]/',
    'http://[fe80::1]/',
    'http://[fd00:ec2::254]/',
    'http://10.0.0.5:9090@169.254.169.254/',
    'http://169.254.169.254#@10.0.0.5:9090/',
    'http://169.254.169.254\\@10.0.0.5:9090/',
    'http://user:password@10.0.0.5:9090/',
    'http://10.0.0.5:9090@prom.internal:9090/',
    'http://169。254。169。254/',
    'http://１２７.０.０.１:PORT/',
    'http://①②⑦.0.0.1:PORT/',
    'http://127.\n0.0.1:PORT/',
    'http://prom.internal.:9090/',
    'http://prom.internal.evil.example:9090/',
    'http://10.0.0.5:9091/',
    'http://10.0.0.5/',
    'https://10.0.0.5:9090/',
    'ws://10.0.0.5:9090/',
    'https://slack.com.evil.example/',
    'https://notslack.com/',
    'https://sl\u0430ck.com/',
    'https://slack.com:8443/',
    'http://slack.com/',
    'https://slack.com./',
  ])('%j is refused, and no name is asked for', async (url) => {
    expect(await reasonFor(rules, url, ['10.0.0.5'])).toMatchObject({
      reason: 'host_not_allowed',
      asked: [],
    });
  });

  test.each(['file:///etc/passwd', 'ftp://10.0.0.5:9090/', 'gopher://10.0.0.5:9090/_x', 'data:,x'])(
    '%s is refused as no way to ask',
    async (url) => {
      expect((await reasonFor(rules, url, [])).reason).toBe('scheme');
    },
  );
});

const VENDORS = [
  [originOf('https://api.pagerduty.com'), 'https://api.pagerduty.com/incidents'],
  [SLACK, 'https://files.slack.com/upload'],
] as const;
/** One answer each, or several with a space between. */
const NEVER = [
  ...['169.254.169.254', '169.254.0.1', 'fe80::1', 'fe80::1%eth0', 'fd00:ec2::254', '100.100.100.200'],
  ...['fd20:ce::254', 'fd00:c1::a9fe:a9fe', 'fd00:42::42'],
  ...['168.63.129.16', '::ffff:169.254.169.254', '64:ff9b::a9fe:a9fe', '2002:a9fe:a9fe::1', '127.0.0.1'],
  ...['127.8.9.1', '::1', '::ffff:7f00:1', '2002:7f00:1::', '64:ff9b::127.0.0.1', '0.0.0.0', '::'],
  ...['224.0.0.1', 'ff02::1', '255.255.255.255', '240.0.0.1', '2001:0:53aa:64c::1', '::7f00:1'],
  ...['64:ff9b:1::7f00:1', 'fec0::1', '0177.0.0.1', 'no address'],
  ...['10.0.0.5 169.254.169.254', '10.0.0.5 127.0.0.1', '93.184.215.14 ::1'],
];

describe('a name of the config', () => {
  test.each(NEVER)('that leads to %s is not spoken to', async (found) => {
    for (const url of ['http://prom.internal:9090/', 'https://prom.internal:9090/']) {
      const { message, reason } = await reasonFor([originOf(url)], url, found.split(/ (?!a)/));
      expect([url, message, reason]).toEqual([
        url,
        expect.stringMatching(/^prom.internal/),
        expect.any(String),
      ]);
      expect(message.length).toBeLessThanOrEqual(200);
    }
  });

  test.each([
    ...['10.0.0.1', '172.16.0.1', '192.168.1.1', '100.64.0.1', 'fc00::1', '::ffff:10.0.0.1'],
    ...['64:ff9b::a00:1', '2002:a00:1::', '198.18.0.1', '203.0.113.1', '192.0.2.1'],
    ...['93.184.215.14 10.0.0.1', '10.0.0.1 93.184.215.14'],
    ...NEVER,
  ])('of a vendor that leads to %s is not spoken to', async (found) => {
    for (const [rule, url] of VENDORS)
      expect((await reasonFor([rule], url, found.split(/ (?!a)/))).reason).toBe('address_forbidden');
  });

  test.each([
    ['http://prom.example:9090/', '93.184.215.14'],
    ['http://prom.example:9090/', '2606:2800:21f:cb07:6820:80da:af6b:8b2c'],
    ['http://93.184.215.14:9090/', 'unasked'],
  ])('on the internet is not spoken to without TLS: %s at %s', async (url, address) => {
    expect((await reasonFor([originOf(url)], url, [address])).reason).toBe('scheme');
  });

  test.each([
    ...['http://169.254.169.254/', 'http://0.0.0.0:PORT/', 'http://[::]:PORT/', 'http://224.0.0.1/'],
    ...['http://255.255.255.255/', 'http://[fe80::1]/', 'http://[fd00:ec2::254]/', 'http://2852039166/'],
  ])('or address that nobody can mean is refused all the same: %s', async (url) => {
    const { reason, asked } = await reasonFor([originOf(here(url))], url, []);
    expect([reason, asked]).toEqual(['address_forbidden', []]);
  });

  test.each(['localhost', 'shop.localhost'])(
    '%s means this machine only, whatever is answered',
    async (name) => {
      const url = `http://${name}:9090/`;
      expect((await reasonFor([originOf(url)], url, ['10.0.0.5'])).reason).toBe('address_forbidden');
    },
  );
});

test.each([
  ['http://10.0.0.5:7070/v1/targets', 'http://10.0.0.6:9100/metrics'],
  ['http://10.0.0.5:7070/v1/targets', 'http://169.254.169.254:80/metrics'],
  ['http://10.0.0.5:7070/v1/targets', 'http://127.0.0.1:PORT/metrics'],
  ['http://10.0.0.5:7070/v1/targets', 'http://2130706433:PORT/metrics'],
  ['http://127.0.0.1:7070/v1/targets', 'http://10.0.0.5:9100/metrics'],
  ['http://127.0.0.1:7070/v1/targets', 'http://127.0.0.1.evil.example:9100/metrics'],
  ['http://localhost:7070/v1/targets', 'http://169.254.169.254:9100/metrics'],
])('a list of targets from %s cannot lead to %s', async (list, target) => {
  expect((await reasonFor([hostOf(list)], target, ['10.0.0.6'])).reason).toBe('host_not_allowed');
});

test.each([
  ['10.0.0.0/16', 'http://10.0.255.1:9100/', true],
  ['10.0.0.0/16', 'http://10.1.0.1:9100/', false],
  ['10.0.0.0/16', 'http://[::ffff:10.0.0.1]:9100/', true],
  ['10.0.0.0/16', 'http://10.0.0.1.evil.example:9100/', false],
  ['fd00:0::1', 'http://[fd00::1]:9100/', true],
  ['fd00::1', 'http://[fd00::2]:9100/', false],
  ['10.0.0.7', 'http://10.0.0.7:1/', true],
  ['10.0.0.7', 'http://10.0.0.70:1/', false],
  ['Node1.Internal', 'http://node1.internal:9100/', true],
  ['node1.internal', 'http://node1.internal.:9100/', false],
  ['node1.internal', 'http://x.node1.internal:9100/', false],
] as const)('targets at %s are asked where they are meant: %s %s', (host, url, isMeant) => {
  const target = () => targetOf(new URL(url), [anyAt(host)]);
  if (isMeant) expect(target()).toMatchObject({ scheme: 'http', reach: 'configured' });
  else expect(target).toThrow(EgressRefused);
});
