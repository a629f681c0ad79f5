import { expect, test } from 'vitest';
import { z } from 'zod';
import { type SlackHealth, watchHealth } from '#slack/health.ts';
import { createWeb, type WebCall } from '#slack/web.ts';
import { FakeClock } from '../fakes/fake-clock.ts';

const limited = (retryAfter: number) => ({ code: 'slack_webapi_rate_limited_error', retryAfter });
const said = (error: string) => ({ code: 'slack_webapi_platform_error', data: { error } });
const status = (statusCode: number) => ({ code: 'slack_webapi_http_error', statusCode });
const network = (code: string) =>
  Object.assign(new Error('A request error occurred'), {
    code: 'slack_webapi_request_error',
    cause: Object.assign(new Error('fetch failed'), { cause: Object.assign(new Error(code), { code }) }),
  });

/** Answers in turn: what is thrown, or a body; the last one again and again. */
function rig(answers: readonly ({ throws: unknown } | { body: unknown })[]) {
  const clock = new FakeClock();
  const changes: SlackHealth[] = [];
  const calls: number[] = [];
  const client = {
    apiCall: async () => {
      const answer = answers[Math.min(calls.length, answers.length - 1)];
      calls.push(clock.mono());
      if (answer !== undefined && 'throws' in answer) throw answer.throws;
      return Object(answer?.body);
    },
  };
  const web = createWeb({ client, clock, health: watchHealth((health) => changes.push(health)) });
  const call = (change: Partial<WebCall<{ ts: string }>> = {}, signal?: AbortSignal) =>
    web.call(
      {
        method: 'chat.postMessage',
        args: {},
        answer: z.looseObject({ ts: z.string() }),
        repeatable: false,
        ...change,
      },
      signal,
    );
  return { clock, changes, calls, call };
}
const good = { body: { ts: '1.000001' } };

test('what Slack asks to wait is waited, then the call is made again', async () => {
  const { clock, calls, call, changes } = rig([{ throws: limited(7) }, { throws: limited(3) }, good]);
  const calling = call();
  await clock.advance(10_000);
  expect(await calling).toMatchObject({ kind: 'ok' });
  expect(calls).toEqual([0, 7_000, 10_000]);
  expect(changes).toEqual([]);
});

test('nobody waits for longer than 25 seconds', async () => {
  const { calls, call } = rig([{ throws: limited(600) }]);
  expect(await call()).toEqual({ kind: 'too_busy' });
  expect(calls).toEqual([0]);
});

test.each([
  ['a connection that was refused', network('ECONNREFUSED')],
  ['a name that is not found', network('ENOTFOUND')],
  ['Slack being out of service', said('service_unavailable')],
])('after %s nothing was done, so it is tried again a few times', async (_, throws) => {
  const { clock, calls, call } = rig([{ throws }]);
  const calling = call();
  await clock.advance(20_000);
  expect(await calling).toMatchObject({ kind: 'unreachable' });
  expect(calls).toEqual([0, 500, 2_500, 7_500]);
});

test.each([
  ['a connection that broke off', network('ECONNRESET')],
  ['a server error', status(502)],
  ['an error inside Slack', said('internal_error')],
  ['an answer that is no answer', new Error('odd')],
])('%s leaves it unknown: only what may be done twice is tried again', async (_, throws) => {
  const once = rig([{ throws }]);
  expect(await once.call()).toMatchObject({ kind: 'unknown' });
  expect(once.calls).toHaveLength(1);
  const twice = rig([{ throws }, good]);
  const calling = twice.call({ repeatable: true });
  await twice.clock.advance(500);
  expect(await calling).toMatchObject({ kind: 'ok' });
});

test('a no is a no at once', async () => {
  const { calls, call, changes } = rig([{ throws: said('channel_not_found') }]);
  expect(await call({ repeatable: true })).toEqual({ kind: 'no', error: 'channel_not_found' });
  expect(calls).toHaveLength(1);
  expect(changes).toEqual([]);
});

test('an answer in a shape that is not expected may have been done', async () => {
  expect(await rig([{ body: { ok: true } }]).call()).toMatchObject({ kind: 'unknown' });
});

test('whoever stops waiting gets what is known', async () => {
  const stop = new AbortController();
  const { call } = rig([{ throws: limited(20) }]);
  const calling = call({}, stop.signal);
  stop.abort(new Error('deadline'));
  expect(await calling).toEqual({ kind: 'too_busy' });
});

test('two failures within 30 seconds make Slack failing, and the first call that works makes it well', async () => {
  const down = { throws: network('ECONNRESET') };
  const { clock, call, changes } = rig([down, down, good]);
  await call();
  expect(changes).toEqual([]);
  await clock.advance(29_000);
  await call();
  expect(changes).toEqual([{ kind: 'failing', since: clock.now() - 29_000, why: 'the connection was lost' }]);
  await call();
  expect(changes.at(-1)).toEqual({ kind: 'ok' });
});

test('failures that are far apart, or with a success between them, do not', async () => {
  const down = { throws: network('ECONNRESET') };
  const { clock, call, changes } = rig([down, down, good, down]);
  await call();
  await clock.advance(31_000);
  await call();
  await call();
  await call();
  expect(changes).toEqual([]);
});

test('a call with less patience is given up when Slack asks for more, which is no failure of Slack', async () => {
  const { call, calls, changes } = rig([{ throws: limited(3) }]);
  expect(await call({ method: 'views.open', patienceMs: 2_500 })).toEqual({ kind: 'too_busy' });
  expect([calls.length, changes]).toEqual([1, []]);
});
