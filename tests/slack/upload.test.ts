import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { request } from 'undici';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createDispatcher } from '#core/egress/dispatcher.ts';
import { createEgress } from '#core/egress.ts';
import { uploadPicture } from '#slack/upload.ts';
import { slackRules } from '#slack/way.ts';
import type { Web } from '#slack/web.ts';

const picture = { png: Buffer.from('png'), title: 'errors', alt: 'a line' };
const where = { place: { channel: 'C1', thread: null }, signal: new AbortController().signal };

/** Slack as far as it says where to send the bytes to. */
function saying(upload_url: string): Web {
  return {
    call: async ({ answer }) => {
      const read = answer.safeParse({ upload_url, file_id: 'F1' });
      return read.success ? { kind: 'ok', value: read.data } : { kind: 'unknown', why: 'odd' };
    },
  };
}

test.each([
  [null, 'https://files.slack.com.evil.example/upload'],
  [null, 'https://notslack.com/upload'],
  [null, 'http://files.slack.com/upload'],
  [null, 'https://slack.com@evil.example/upload'],
  ['http://127.0.0.1:9/api/', 'https://files.slack.com/upload'],
  ['http://127.0.0.1:9/api/', 'http://127.0.0.1:10/upload'],
])('with Slack at %s no picture is sent to %s', async (apiUrl, address) => {
  const send = createEgress({ rules: slackRules(apiUrl) }).fetch;
  expect(await uploadPicture({ web: saying(address), send }, picture, where)).toEqual({
    kind: 'no',
    error: 'an upload address elsewhere',
  });
});

describe('the connections of the sockets', () => {
  const fake = 'http://127.0.0.1:9/api/';
  test.each([
    [null, 'https://wss-primary.slack.com.evil.example/link', 'host_not_allowed'],
    [null, 'http://wss-primary.slack.com/link', 'host_not_allowed'],
    [null, 'https://wss-primary.slack.com:8443/link', 'host_not_allowed'],
    [null, 'https://169.254.169.254/link', 'host_not_allowed'],
    [null, 'https://localhost/link', 'host_not_allowed'],
    [fake, 'https://wss-primary.slack.com/link', 'host_not_allowed'],
    [fake, 'http://127.0.0.1:10/link', 'host_not_allowed'],
    ['http://localhost:9/api/', 'http://localhost:9/link', 'address_forbidden'],
    ['https://slack.internal/api/', 'https://files.slack.internal.evil.example/link', 'host_not_allowed'],
  ])('are not made, with Slack at %s, to %s', async (apiUrl, address, reason) => {
    const elsewhere = async () => [{ address: '169.254.169.254', family: 4 }];
    const { dispatcher } = createDispatcher(slackRules(apiUrl), elsewhere);
    await expect(request(address, { dispatcher })).rejects.toMatchObject({ reason, sent: false });
  });

  test('end when they are dropped, also where the other side does not end them', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const { dispatcher, drop } = createDispatcher(slackRules(url));
    const asked = once(server, 'connection');
    const answer = expect(request(url, { dispatcher })).rejects.toThrow();
    const [socket] = await asked;
    await once(socket, 'data');
    const closed = once(socket, 'close');
    drop();
    await closed;
    await answer;
  });
});
