import { expect, test } from 'vitest';
import { uploadPicture } from '#slack/upload.ts';
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
  expect(await uploadPicture({ web: saying(address), apiUrl }, picture, where)).toEqual({
    kind: 'no',
    error: 'an upload address elsewhere',
  });
});
