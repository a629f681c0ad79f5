import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { requestServer } from '#cli/request.ts';
import { readServerFile } from '#cli/server-file.ts';
import { messageOf } from '#core/errors.ts';
import { parseCidr } from '#core/ip.ts';
import { loadConfig } from '#server/config.ts';
import { listenHttp } from '#server/http.ts';
import { type Listen, listenProblem } from '#server/listen-rules.ts';
import { certificateOf } from '#server/tls.ts';
import { type Certificate, certificate } from '#tests/fakes/certificate.ts';
import { asAlice, HERE, setUp } from './an-http.ts';

let dir = '';
let own: Certificate;
const at = (name: string): string => join(dir, name);
const write = (name: string, text: string, mode = 0o600): void => {
  writeFileSync(at(name), text);
  chmodSync(at(name), mode);
};
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'firebreak-listen-'));
  own = certificate({ names: ['127.0.0.1', 'firebreak.example.com'] });
  write('cert.pem', own.cert, 0o644);
  write('key.pem', own.key);
  write('other.pem', certificate({ names: ['127.0.0.1'] }).key);
  write('open.pem', own.key, 0o640);
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const network = (text: string) => {
  const found = parseCidr(text);
  if (found === undefined) throw new Error(`${text} is no network`);
  return found;
};
const tls = { cert: '/cert.pem', key: '/key.pem' };
const TEN = '10.0.0.0/8';
const ten = [network(TEN)];

test.each([
  // free: this machine and overlay networks
  ...['127.0.0.1', '127.9.8.7', '::1', '::ffff:127.0.0.1', '100.64.0.1', '100.127.255.255'].map(
    (host) => [host, {}, undefined] as const,
  ),
  // every address, whatever else stands in the config
  ...['0.0.0.0', '::', '::ffff:0.0.0.0', '0:0:0:0:0:0:0:0'].map(
    (host) => [host, { tls, allow: ['0.0.0.0/0', '::/0'] }, 'host'] as const,
  ),
  // names and other spellings
  ...[
    '',
    'localhost',
    '*',
    '0',
    '0x0',
    '00.0.0.0',
    '0177.0.0.1',
    '127.1',
    '::1%lo',
    '[::1]',
    '10.0.0.5:80',
  ].map((host) => [host, { tls, allow: [TEN] }, 'host'] as const),
  // reached by others
  ['10.0.0.5', {}, 'host'],
  ['10.0.0.5', { allow: [TEN] }, 'host'],
  ['10.0.0.5', { tls }, 'allow'],
  ['10.0.0.5', { tls, allow: ['10.1.0.0/16'] }, 'allow'],
  ['::ffff:10.0.0.5', { tls, allow: ['::/0'] }, 'allow'],
  ['10.0.0.5', { tls, allow: [TEN] }, undefined],
  ['10.0.0.5', { proxies: [TEN] }, 'allow'],
  ['10.0.0.5', { proxies: [TEN], allow: [TEN] }, undefined],
  ['203.0.113.7', { tls, allow: [TEN] }, 'allow'],
  ['100.63.255.255', {}, 'host'],
  ['100.128.0.0', {}, 'host'],
  ['::2', {}, 'host'],
] as const)('listening on %j with %j: at fault is %s', (host, over, setting) => {
  const {
    allow = [],
    proxies = [],
    tls: files = null,
  }: { allow?: readonly string[]; proxies?: readonly string[]; tls?: Listen['tls'] } = over;
  const listen = { host, tls: files, allow: allow.map(network), trustedProxies: proxies.map(network) };
  expect(listenProblem(listen)?.setting).toBe(setting);
});

/** What is said of this `listen:`; an empty list for none. */
function mistakes(listen: string, env: Record<string, string> = {}): string[] {
  write('firebreak.yaml', `listen: ${listen}\ndefault_owner: a\nteams: [{id: a, name: A}]\n`);
  try {
    loadConfig(at('firebreak.yaml'), env);
    return [];
  } catch (error) {
    return messageOf(error).split('\n');
  }
}

test.each([
  [
    '{host: 10.0.0.5}',
    'listen.host: "10.0.0.5" can be reached by other machines: it needs listen.tls, or listen.trusted_proxies in front of it',
  ],
  [
    '{host: "::"}',
    'listen.host: "::" is every address of this machine; name one (in Kubernetes: env:POD_IP, set from status.podIP)',
  ],
  ['{host: env:POD_IP}', 'listen.host: environment variable POD_IP is not set'],
  [
    '{host: localhost}',
    'listen.host: "localhost" is not an address such as 127.0.0.1 (a name can come to mean another)',
  ],
  [
    '{host: 10.0.0.5, tls: {cert: cert.pem, key: key.pem}}',
    'listen.allow: names no network that 10.0.0.5 lies in; add it, like 10.0.0.0/8',
  ],
  ['{allow: [10.0.0.1/8]}', 'listen.allow[0]: "10.0.0.1/8" is not a network such as 10.0.0.0/8'],
  ['{trusted_proxies: [proxy]}', 'listen.trusted_proxies[0]: "proxy" is not a network such as 10.0.0.0/8'],
  ['{hosts: ["http://x"]}', 'listen.hosts[0]: "http://x" is not a host name such as firebreak.example.com'],
  ['{tls: {cert: none.pem, key: key.pem}}', 'listen.tls.cert: there is no file DIR/none.pem'],
  ['{tls: {cert: key.pem, key: key.pem}}', 'listen.tls.cert: DIR/key.pem holds no certificate'],
  [
    '{tls: {cert: cert.pem, key: open.pem}}',
    'listen.tls.key: DIR/open.pem can be read by others; chmod 600 DIR/open.pem',
  ],
  [
    '{tls: {cert: cert.pem, key: other.pem}}',
    'listen.tls.key: DIR/other.pem is not the key of that certificate',
  ],
  [
    '{tls: {cert: cert.pem, key: cert.pem}}',
    'listen.tls.key: DIR/cert.pem can be read by others; chmod 600 DIR/cert.pem',
  ],
])('%s is refused with its line', (listen, line) => {
  expect(mistakes(listen).map((one) => one.replaceAll(dir, 'DIR'))).toEqual([`firebreak.yaml:1  ${line}`]);
});

test('an address of the environment, a certificate and its networks make a config', () => {
  const text =
    '{host: env:POD_IP, allow: [10.0.0.0/8], tls: {cert: cert.pem, key: key.pem}, hosts: [A.example]}';
  expect(mistakes(text, { POD_IP: '10.2.3.4' })).toEqual([]);
  expect(mistakes(text, { POD_IP: '0.0.0.0' })).toHaveLength(1);
  expect(loadConfig(at('firebreak.yaml'), { POD_IP: '10.2.3.4' }).listen).toEqual({
    ...{ host: '10.2.3.4', port: 7411, allow: ten, hosts: ['a.example'], trustedProxies: [] },
    tls: { cert: at('cert.pem'), key: at('key.pem') },
  });
});

test('a certificate says how long it is good, and what is none says so', () => {
  const until = new Date('2027-01-01T00:00:00Z');
  const made = certificate({ names: ['a.example'], until });
  write('made.pem', made.cert);
  expect(certificateOf(at('made.pem'))).toMatchObject({
    ...{ kind: 'certificate', validTo: until.getTime() },
    fingerprint: expect.stringMatching(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/),
  });
  expect(certificateOf(at('none.pem'))).toEqual({
    kind: 'problem',
    why: `there is no file ${at('none.pem')}`,
  });
});

async function overTls(over: Partial<Certificate> = {}) {
  const shown = { ...own, ...over };
  write('shown.pem', shown.cert);
  write('shown-key.pem', shown.key);
  const listen: Listen = { ...HERE, tls: { cert: at('shown.pem'), key: at('shown-key.pem') } };
  const { app, calls } = setUp({}, { listen });
  const port = await listenHttp(app, listen);
  const ask = (pinnedTo: string) =>
    requestServer(
      { url: `https://127.0.0.1:${port}`, certificate: pinnedTo },
      { method: 'GET', path: '/v1/status', headers: asAlice, signal: AbortSignal.timeout(5000) },
    );
  return { port, ask, calls };
}

test('over TLS commands reach the server, and trust exactly the certificate that it wrote down', async () => {
  const { ask, calls } = await overTls();
  const { status, bytes } = await ask(own.cert);
  expect([status, JSON.parse(Buffer.from(bytes).toString())]).toEqual([200, { name: 'status' }]);
  const another = certificate({ names: ['127.0.0.1'] });
  await expect(ask(another.cert)).rejects.toThrow();
  await expect(ask('')).rejects.toThrow();
  expect(calls).toHaveLength(1);
});

test('a certificate that the pinned one signed is not the pinned one, and no token is sent to it', async () => {
  const forged = certificate({ names: ['127.0.0.1'], issuer: own });
  const { ask, calls } = await overTls(forged);
  await expect(ask(own.cert)).rejects.toThrow('the server shows another certificate');
  expect(calls).toEqual([]);
});

test('a certificate that others signed can be pinned alone', async () => {
  const signed = certificate({ names: ['elsewhere.example'], issuer: own });
  const { ask } = await overTls(signed);
  expect((await ask(signed.cert)).status).toBe(200);
});

test('TLS before 1.2 and plain HTTP get no answer, and over TLS browsers are told to keep to it', async () => {
  const { port } = await overTls();
  const old = new Promise((resolve, reject) => {
    const options = {
      host: '127.0.0.1',
      port,
      ca: own.cert,
      maxVersion: 'TLSv1.1',
      minVersion: 'TLSv1',
    } as const;
    connect(options, () => resolve('connected')).on('error', reject);
  });
  await expect(old).rejects.toThrow();
  await expect(fetch(`http://127.0.0.1:${port}/healthz`)).rejects.toThrow();
  const { app } = setUp({}, { listen: { ...HERE, tls: { cert: at('cert.pem'), key: at('key.pem') } } });
  expect((await app.inject('/healthz')).headers['strict-transport-security']).toBe('max-age=15552000');
});

test('the address that a server wrote down is spoken to only when it is of this machine', () => {
  const addresses = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  const outer = addresses.find(({ internal, family }) => !internal && family === 'IPv4')?.address;
  const read = (url: string, certificate?: string) => {
    write('server.json', JSON.stringify({ url, certificate, pid: 1, startedAt: 0, version: '0' }));
    return () => readServerFile(dir)?.url;
  };
  for (const url of ['http://127.0.0.1:7411', 'http://localhost:1', 'http://[::1]:1'])
    expect(read(url)()).toBe(url);
  for (const url of [
    ...[
      'http://203.0.113.9:7411',
      'https://203.0.113.9:7411',
      'http://127.0.0.1.example.com',
      'ftp://127.0.0.1',
    ],
    ...['http://evil@203.0.113.9', 'http://0x7f000002.example', 'http://[::2]:1', 'http://0.0.0.0:7411'],
  ])
    expect(read(url, own.cert)).toThrow('not an address of this machine');
  expect(read('https://127.0.0.1:7411')).toThrow('it has no certificate');
  if (outer !== undefined) expect(read(`https://${outer}:7411`, own.cert)()).toBe(`https://${outer}:7411`);
});
