import { expect, onTestFinished, test } from 'vitest';
import { realClock } from '#core/clock.ts';
import { Secret } from '#core/secret.ts';
import { createBreaker } from '#llm/breaker.ts';
import { FakeClock } from '#tests/fakes/fake-clock.ts';
import { startPagerDuty } from '#tests/fakes/pagerduty/pagerduty.ts';
import { createPagerDuty } from '#tools/drivers/pagerduty.ts';

const never = new AbortController().signal;
const FROM = 'bot@shop.example';

async function setUp(over: { token?: string; events?: null } = {}) {
  const clock = new FakeClock();
  const pagerduty = await startPagerDuty({
    clock,
    onCalls: [
      { user: 'PBOB', level: 2, schedule: 'PSCHED1' },
      { user: 'PALICE', level: 1, schedule: 'PSCHED1' },
      { user: 'PCARL', level: 1, schedule: 'PSCHED2' },
    ],
  });
  onTestFinished(() => pagerduty.stop());
  const { url, routingKey } = pagerduty;
  const settings = {
    api: `${url}/`,
    token: new Secret(over.token ?? pagerduty.token),
    from: FROM,
    events: over.events === null ? null : { url, routingKey: new Secret(routingKey) },
  };
  const pager = createPagerDuty({ settings, clock: realClock, enter: createBreaker(clock).enter });
  const { id } = await pagerduty.trigger({ title: 'HighErrorRate' });
  const page = () => pagerduty.book.get(id);
  return { clock, pagerduty, pager, id, page };
}

test('a page is acknowledged, noted, escalated and resolved, in the name of the configured user', async () => {
  const { pagerduty, pager, id, page } = await setUp();
  const told = { kind: 'told', already: false };
  expect(await pager.acknowledge(id, never)).toEqual(told);
  expect(page()?.status).toBe('acknowledged');
  expect(await pager.note(id, 'bad deploy of checkout', never)).toEqual(told);
  expect(page()?.notes).toEqual(['bad deploy of checkout']);
  expect(await pager.escalate(id, 2, never)).toEqual(told);
  expect(page()?.escalation_level).toBe(2);
  expect(await pager.resolve(id, never)).toEqual(told);
  expect(page()?.status).toBe('resolved');
  expect(new Set(pagerduty.journal.map(({ from }) => from))).toEqual(new Set([FROM]));
});

test('what is resolved already was told already; a note or the next people are refused', async () => {
  const { pagerduty, pager, id } = await setUp();
  await pagerduty.move(id, 'resolved');
  expect(await pager.resolve(id, never)).toEqual({ kind: 'told', already: true });
  expect(await pager.acknowledge(id, never)).toEqual({ kind: 'told', already: true });
  expect(await pager.escalate(id, 2, never)).toMatchObject({ kind: 'gap', reason: 'bad_answer' });
  expect(await pager.resolve('PNONE', never)).toMatchObject({ kind: 'gap', reason: 'bad_answer' });
});

test('a page of our own is triggered once for each key', async () => {
  const { pagerduty, pager } = await setUp();
  for (const summary of ['INC-7 waits for people', 'INC-7 waits still'])
    expect(await pager.trigger({ key: 'firebreak/INC-7', severity: 'critical', summary }, never)).toEqual({
      kind: 'told',
      already: false,
    });
  expect(pagerduty.book.all.map(({ title }) => title)).toEqual(['HighErrorRate', 'INC-7 waits for people']);
  const { pager: mute } = await setUp({ events: null });
  expect(await mute.trigger({ key: 'k', severity: 'error', summary: 's' }, never)).toMatchObject({
    reason: 'not_configured',
  });
});

test('who is on duty comes from a schedule, first level first', async () => {
  const { pager } = await setUp();
  expect(await pager.onCalls({ schedule: 'PSCHED1' }, never)).toEqual({
    kind: 'seen',
    value: [
      { user: 'PALICE', level: 1, until: null },
      { user: 'PBOB', level: 2, until: null },
    ],
  });
});

test('a short pause that PagerDuty asks for is kept; a long one is a gap', async () => {
  const { pagerduty, pager, id, page } = await setUp();
  pagerduty.fail({ kind: 'limited', retryAfterS: 1 }, 1);
  expect(await pager.acknowledge(id, never)).toEqual({ kind: 'told', already: false });
  pagerduty.fail({ kind: 'limited', retryAfterS: 60 }, 1);
  const asked = pagerduty.journal.length;
  expect(await pager.resolve(id, never)).toMatchObject({ kind: 'gap', reason: 'bad_answer' });
  expect(pagerduty.journal).toHaveLength(asked + 1);
  expect(page()?.status).toBe('acknowledged');
});

test('a token that is not known is a refusal, and stands in no answer', async () => {
  const { pager, id } = await setUp({ token: 'guess-guess-guess' });
  const answer = await pager.note(id, 'x', never);
  expect(answer).toMatchObject({ kind: 'gap', reason: 'refused' });
  expect(JSON.stringify(answer)).not.toContain('guess');
});

test('three failures in a row and PagerDuty is left alone for half a minute', async () => {
  const { clock, pagerduty, pager, id } = await setUp();
  pagerduty.fail({ kind: 'down' });
  for (let n = 0; n < 3; n += 1)
    expect(await pager.note(id, 'x', never)).toMatchObject({ kind: 'gap', reason: 'unreachable' });
  const asked = pagerduty.journal.length;
  pagerduty.fail(null);
  expect(await pager.note(id, 'x', never)).toMatchObject({ detail: 'left alone after failures' });
  expect(pagerduty.journal).toHaveLength(asked);
  await clock.advance(30_000);
  expect(await pager.note(id, 'x', never)).toEqual({ kind: 'told', already: false });
});

test('a PagerDuty that does not answer is given up when the call is', async () => {
  const { pagerduty, pager, id } = await setUp();
  pagerduty.fail({ kind: 'silent' });
  const stop = new AbortController();
  const asked = pager.acknowledge(id, stop.signal);
  await expect.poll(() => pagerduty.journal.length).toBe(1);
  stop.abort();
  expect(await asked).toMatchObject({ kind: 'gap', reason: 'timeout' });
});
