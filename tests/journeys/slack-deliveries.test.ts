import { expect, test } from 'vitest';
import { type Journey, broken } from './a-delivery.ts';
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
function expectCalm(on: Journey): void {
  const noise = wireNoise(on.fake.workspace);
  const { cards, posts, mentions, edits } = noise;
  expect(
    { cards, posts: posts <= 6, mentions: mentions <= 2, edits: edits <= 1 },
    JSON.stringify(noise),
  ).toEqual({ cards: 1, posts: true, mentions: true, edits: true });
  if (process.env.SHOW) console.log(JSON.stringify(noise), on.page()?.notes, on.answers);
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
  const [card = ''] = on.thread();
  expect(card).toContain('recovered');
  expect(on.thread().join()).not.toContain('decision:approve');
}

test.each(each)('by %s: a page becomes a card, a click a change, and the thread ends resolved', async (by) => {
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
  if (process.env.SHOW) console.log(JSON.stringify(on.thread(), null, 1), (await on.run.entries()).map((e) => e.kind).join(' '));
});
