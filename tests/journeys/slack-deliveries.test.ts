import { expect, test } from 'vitest';
import type { Model, ModelCall } from '#llm/model.ts';
import { broken, type Journey } from './a-delivery.ts';
import type { ModelParts } from './in-process.ts';
import { wireNoise } from './slack-noise.ts';
import { type WayName, wayNames } from './ways-in.ts';

const each = wayNames.map((name) => [name] as const);
const paged = async (by: WayName, options: Parameters<typeof broken>[1] = {}): Promise<Journey> => {
  const on = await broken(by, options);
  await on.way.fire();
  return on;
};
const asked = (on: Journey) =>
  on.until(() => on.thread().some((words) => words.includes('decision:approve')));
const resolved = async (on: Journey) => {
  await on.until(() => on.run.incident().resolved !== null);
  await on.pass(5_000);
};
/** The monitoring sees that it is over; whoever looks at a list believes that after a while. */
const cleared = async (on: Journey) => {
  await on.way.clear();
  await on.pass(90_000, 3_000);
};

/** Whatever happened: what Slack was asked to do is little, and nothing of it was wrong. */
function expectCalm(on: Journey, wanted = { cards: 1 }): void {
  const noise = wireNoise(on.fake.workspace);
  const { cards, posts, mentions, edits } = noise;
  expect(
    { cards, posts: posts <= 6, mentions: mentions <= 2, edits: edits <= 1 },
    JSON.stringify(noise),
  ).toEqual({ ...wanted, posts: true, mentions: true, edits: true });
  expect(on.fake.workspace.misuse).toEqual([]);
  expect(on.fake.errors()).toEqual([]);
  expect(on.run.errors).toEqual([]);
  expect(on.run.folds.incidents.opened).toBe(1);
}

/** The thread says how it ended, and PagerDuty was told of it where it paged. */
function expectRecovered(on: Journey): void {
  expect(on.run.incident()).toMatchObject({
    actions: ['service_rollback'],
    verified: true,
    resolved: { resolution: 'recovered' },
  });
  expect(on.run.shop.applied).toHaveLength(1);
  expect(on.thread()[0]).toContain('recovered');
  expect(on.thread().join()).not.toContain('decision:approve');
}

/** Where PagerDuty paged: three notes, seen by a person and never by an agent alone, closed at the end. */
function expectTold(on: Journey): void {
  const page = on.page();
  expect(page?.status).toBe('resolved');
  expect(page?.acknowledgements).toHaveLength(1);
  expect(page?.notes).toHaveLength(3);
  expect(page?.notes.at(-1)).toBe('INC-1 is over: recovered, verified (firebreak).');
}

/** The rules, but what they propose is followed by a second change. */
const inTwoSteps = ({ rules }: ModelParts): Model => ({
  ...rules,
  reply: async (request, signal) => {
    const reply = await rules.reply(request, signal);
    const proposes = request.role === 'remediation' && reply.kind === 'reply' && reply.calls.length > 0;
    return proposes ? { ...reply, calls: twoSteps } : reply;
  },
});
const twoSteps: ModelCall[] = [
  { id: 'a', tool: 'service_rollback', args: { target: 'service:checkout', to: 'deploy:checkout@-1' } },
  { id: 'b', tool: 'service_restart', args: { target: 'service:checkout' } },
];

test.each(each)(
  'by %s: a page becomes a card, a click a change, and the thread ends resolved',
  async (by) => {
    const on = await paged(by);
    await asked(on);
    await on.pass(3_000);
    expect(on.thread()[0]).toContain('INC-1 HighErrorRate checkout');
    expect(on.page()?.status ?? 'triggered').toBe('triggered');
    await on.click('decision:approve');
    await on.until(() => on.run.shop.applied.length > 0);
    const isPaged = on.page() !== undefined;
    if (isPaged) await on.say('ack');
    else await on.way.clear();
    await resolved(on);
    const before = on.thread().length;
    await cleared(on);
    expect(on.thread()).toHaveLength(before);
    expectRecovered(on);
    expectCalm(on);
    if (isPaged) expectTold(on);
  },
);

test.each(each)(
  'by %s: duplicated, reordered and replayed deliveries are one incident, one card, one change',
  async (by) => {
    const on = await broken(by);
    await on.way.overtaken();
    await on.pass(10_000, 1_000);
    expect(on.run.folds.incidents.opened).toBe(0);
    await on.way.fire();
    await on.way.again();
    await asked(on);
    await on.way.again();
    await on.click('decision:approve');
    await on.fake.people.repeat();
    await on.way.again();
    await resolved(on);
    await on.way.again();
    await cleared(on);
    const before = on.thread();
    await on.way.again();
    await on.pass(5_000);
    expect(on.thread()).toEqual(before);
    expectRecovered(on);
    expectCalm(on);
  },
);

test('what fires again within half an hour goes on under its card, as calmly as the first time', async () => {
  const on = await paged('a webhook of Alertmanager');
  await on.click('decision:approve');
  await resolved(on);
  await cleared(on);
  expectCalm(on);
  on.fake.workspace.calls.length = 0;
  on.run.shop.inject('unknown-bad-record', 'checkout');
  await on.run.clock.advance(10_000);
  await on.way.fire();
  await on.until(() => on.run.incident().escalated !== null);
  await on.pass(10_000, 1_000);
  expect(on.thread()[0]).toContain('people must take it');
  on.run.shop.repairByHand();
  await cleared(on);
  await resolved(on);
  expect(on.thread()[0]).toContain('*Ended*');
  expectCalm(on, { cards: 0 });
});

test('a restart between card and click: the click counts, a replay does not, and nothing is told twice', async () => {
  const before = await paged('a webhook of PagerDuty');
  await asked(before);
  await before.until(() => before.page()?.notes.length === 2);
  const on = await before.restart();
  await on.way.again();
  expect(on.answers).toEqual([202, 409, 409]);
  await on.pass(5_000);
  await on.click('decision:approve');
  await resolved(on);
  await on.until(() => on.page()?.status === 'resolved');
  expect(on.page()?.notes).toHaveLength(3);
  expectRecovered(on);
  expectCalm(on);
});

test('Slack down for a minute: the work goes on, and afterwards one card takes the click', async () => {
  const on = await paged('the list of Alertmanager');
  on.fake.faults.outage(true);
  await on.until(() => on.run.folds.approvals.all().some(({ state }) => state === 'pending'));
  await on.pass(60_000, 1_000);
  expect(on.thread()).toEqual([]);
  on.fake.faults.outage(false);
  await on.click('decision:approve');
  await resolved(on);
  await cleared(on);
  expectRecovered(on);
  expectCalm(on);
});

test('a person repairs it by hand: the proposal is withdrawn, and the thread says how it ended', async () => {
  const on = await paged('the list of PagerDuty');
  await asked(on);
  on.run.shop.repairByHand();
  await on.pass(3_000);
  await cleared(on);
  await resolved(on);
  expect(on.run.incident()).toMatchObject({ actions: [], resolved: { resolution: 'by_hand' } });
  expect(on.run.shop.applied).toEqual([]);
  const [card = '', ...rest] = on.thread();
  expect(card).toContain('by hand');
  expect(rest.join()).toContain('withdrawn');
  expect(on.thread().join()).not.toContain('decision:approve');
  expect(on.page()).toMatchObject({ status: 'resolved', acknowledgements: [] });
  expectCalm(on);
});

test('off pressed in mid-plan: the step that runs ends, the next never starts, people are asked, the end is told', async () => {
  const on = await paged('a webhook of Alertmanager', { model: inTwoSteps, takesMs: 4_000 });
  await asked(on);
  expect(on.run.folds.approvals.all()[0]?.plan.steps).toHaveLength(2);
  await on.click('decision:approve');
  await on.pass(1_000);
  await on.fake.people.command({ user: on.users.alice, channel: 'C0SHOP', text: 'off' });
  expect(on.told()).toContain('Off: nothing new is done');
  await resolved(on);
  expect(on.run.shop.applied.map(({ order }) => order.change.tool)).toEqual(['service_rollback']);
  const refused = (await on.run.entries()).find(({ kind }) => kind === 'approval.invalidated');
  expect(refused?.body).toMatchObject({ reason: 'policy_denied' });
  expect(on.run.incident()).toMatchObject({
    escalated: { reason: 'action_failed' },
    resolved: { resolution: 'recovered' },
  });
  expectCalm(on);
});
