import { expect, test } from 'vitest';
import { realClock } from '#core/clock.ts';
import { wayTo } from '#core/egress.ts';
import { createHttpProbe } from '#tools/drivers/http-probe.ts';
import { askHttp, gapOfStatus, MAX_ANSWER_BYTES } from '#tools/drivers/http-text.ts';
import { loopback, never } from './loopback.ts';

const ask = (url: string, timeoutMs = 2000) =>
  askHttp({ url, timeoutMs, send: wayTo(url) }, realClock, never);

test('any status is an answer', async () => {
  const { url } = await loopback(() => ({ status: 503, body: 'busy' }));
  expect(await ask(url)).toEqual({ kind: 'answer', status: 503, text: 'busy' });
});

test('a redirect is not followed', async () => {
  const { url, heard } = await loopback(() => ({ status: 302, headers: { location: '/elsewhere' } }));
  expect(await ask(url)).toMatchObject({ kind: 'no_answer', reason: 'bad_answer', sent: true });
  expect(heard).toHaveLength(1);
});

test('an answer that is too large is not read to the end', async () => {
  const { url } = await loopback(() => ({ body: 'x'.repeat(MAX_ANSWER_BYTES + 1) }));
  expect(await ask(url)).toMatchObject({ kind: 'no_answer', reason: 'too_large' });
});

test('silence ends with a timeout, and it is not known whether the request was read', async () => {
  const { url } = await loopback(() => 'hang');
  expect(await ask(url, 30)).toMatchObject({ kind: 'no_answer', reason: 'timeout', sent: true });
});

test('a connection that breaks after sending counts as sent, a refused one as never sent', async () => {
  const { url, close } = await loopback(() => 'reset');
  expect(await ask(url)).toMatchObject({ kind: 'no_answer', reason: 'unreachable', sent: true });
  await close();
  expect(await ask(url)).toMatchObject({ kind: 'no_answer', reason: 'unreachable', sent: false });
});

test('what is not allowed to leave never did, and the gap says where, why and what to do', async () => {
  const [own, other] = ['http://127.0.0.1:1/', 'http://169.254.169.254/latest/meta-data?token=s3cret'];
  const refused = { kind: 'no_answer', reason: 'refused', sent: false };
  expect(await askHttp({ url: other, timeoutMs: 2000, send: wayTo(own) }, realClock, never)).toEqual({
    ...refused,
    detail:
      '169.254.169.254 is not among the addresses of the config, so nothing was sent; write it there if it is meant',
  });
  expect(await ask(other)).toEqual({
    ...refused,
    detail: expect.stringMatching(/^169.254.169.254 \(machine services\), .* nothing was sent; see who/),
  });
  expect(await ask('http://93.184.215.14/')).toEqual({
    ...refused,
    detail: expect.stringMatching(/^93.184.215.14 is on the internet, .* use https$/),
  });
});

test('an aborted run sends nothing, or stops waiting', async () => {
  const { url, heard } = await loopback(() => 'hang');
  const send = wayTo(url);
  const gone = await askHttp({ url, timeoutMs: 2000, send }, realClock, AbortSignal.abort());
  expect(gone).toMatchObject({ kind: 'no_answer', sent: false });
  expect(heard).toHaveLength(0);
  const stop = new AbortController();
  const waiting = askHttp({ url, timeoutMs: 2000, send }, realClock, stop.signal);
  stop.abort();
  expect(await waiting).toMatchObject({ kind: 'no_answer', reason: 'timeout', sent: true });
});

test('foreign text of an error answer is one short line without secrets', () => {
  const text = `bad\n\u001b[31mtoken=abcdef ${'x'.repeat(500)}`;
  const { detail } = gapOfStatus({ kind: 'answer', status: 500, text });
  expect(detail.length).toBeLessThan(200);
  expect(detail).toContain('HTTP 500 bad\\n\\x1b[31mtoken=[redacted]');
});

test('the probe reports a status, and silence or a closed port as status 0', async () => {
  const { url, close } = await loopback(({ path }) => (path === '/slow' ? 'hang' : { status: 204 }));
  const probe = createHttpProbe({ to: [`${url}/healthz`], timeoutMs: 30 }, realClock);
  expect(await probe.get(`${url}/healthz`, never)).toMatchObject({ kind: 'seen', value: { status: 204 } });
  expect(await probe.get(`${url}/slow`, never)).toMatchObject({ kind: 'seen', value: { status: 0 } });
  expect(await probe.get(url, AbortSignal.abort())).toMatchObject({ kind: 'gap', reason: 'timeout' });
  await close();
  expect(await probe.get(url, never)).toMatchObject({ kind: 'seen', value: { status: 0 } });
});
