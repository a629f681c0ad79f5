import dgram from 'node:dgram';
import { lookup, promises } from 'node:dns';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, get } from 'node:http';
import { type AddressInfo, connect, createServer as createPipe } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { takeRefusals } from './network.ts';

const server = createServer((_, response) => response.end('here'));
const port = () => (server.address() as AddressInfo).port;

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(() => server.close());

test('fetch of another machine fails and is noted', async () => {
  await expect(fetch('http://example.com')).rejects.toThrow('fetch failed');
  await expect(fetch('https://93.184.215.14/')).rejects.toThrow('fetch failed');
  expect(takeRefusals()).toEqual([
    'connection to example.com refused: tests may only reach this machine',
    'connection to 93.184.215.14 refused: tests may only reach this machine',
  ]);
});

test('a server on this machine is reached by number and by name', async () => {
  expect(await (await fetch(`http://127.0.0.1:${port()}/`)).text()).toBe('here');
  expect(await (await fetch(`http://localhost:${port()}/`)).text()).toBe('here');
  expect(takeRefusals()).toEqual([]);
});

test('requests, sockets, TLS and datagrams of Node are refused too', async () => {
  const refused = /only reach this machine/;
  const failed = async (target: NodeJS.EventEmitter) =>
    expect((await once(target, 'error'))[0]).toMatchObject({ message: expect.stringMatching(refused) });
  await failed(get('http://example.com/'));
  await failed(connect(80, '10.0.0.1'));
  await failed(connect({ port: 80, host: 'example.com' }));
  await failed(connectTls({ port: 443, host: 'example.com' }));
  const socket = dgram.createSocket('udp4');
  expect(() => socket.send('x', 53, '10.0.0.1')).toThrow(refused);
  socket.close();
  expect(takeRefusals()).toHaveLength(5);
});

test('names of other machines are not looked up', async () => {
  const error = await new Promise((resolve) => lookup('example.com', resolve));
  expect(String(error)).toContain('look-up of example.com refused');
  await expect(promises.lookup('example.com')).rejects.toThrow('look-up of example.com refused');
  await expect(promises.resolve4('example.com')).rejects.toThrow('look-up of example.com refused');
  expect(takeRefusals()).toHaveLength(3);
  expect((await promises.lookup('localhost')).address).toMatch(/^127\.|^::1$/);
});

test.fails('a test whose code copes with the refusal fails all the same', async () => {
  await fetch('http://example.com').catch(() => 'no matter');
});

test('a pipe is no network', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'firebreak-'));
  const pipe = createPipe((socket) => socket.end('x'));
  pipe.listen(join(folder, 's'));
  await once(pipe, 'listening');
  const socket = connect(join(folder, 's')).resume();
  await once(socket, 'end');
  pipe.close();
  rmSync(folder, { recursive: true });
  expect(takeRefusals()).toEqual([]);
});
