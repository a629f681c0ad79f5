import { FakeClock } from '../fakes/fake-clock.ts';
import type { PagerIncident } from '../fakes/pagerduty/incidents.ts';
import { aPagerDuty } from './a-pagerduty.ts';
import { openAlertDoor } from './alert-door.ts';
import { type InSlack, inSlack } from './slack.ts';
import { type Way, type WayName, wayIn } from './ways-in.ts';

/** The whole product with Slack on one side and a sender of pages on the other, each on a real wire. */
export type Journey = Omit<InSlack, 'restart'> & {
  readonly way: Way;
  /** Status of each answer to a webhook. */
  readonly answers: readonly number[];
  /** What PagerDuty has of it, where it paged. */
  page(): PagerIncident | undefined;
  restart(): Promise<Journey>;
};

export async function journey(by: WayName, options: Parameters<typeof inSlack>[0] = {}): Promise<Journey> {
  const clock = new FakeClock();
  const [door, { pagerduty, wire }] = [await openAlertDoor(), await aPagerDuty(clock)];
  let open = 0;
  const counted = async <T>(work: Promise<T>): Promise<T> => {
    open += 1;
    return work.finally(() => {
      open -= 1;
    });
  };
  const settled = async (): Promise<void> => {
    do await wire.settled();
    while (open > 0);
  };
  const pager = by.endsWith('PagerDuty') ? { pager: wire.pager } : {};
  const on = await inSlack({ ...options, ...pager, clock, settled });
  const way = await wayIn(by, { clock, door, pagerduty, counted });
  const begin = (here: InSlack): Journey => {
    way.aim(here.run);
    return {
      ...{ ...here, way, answers: door.answers },
      page: () => pagerduty.book.all.at(-1),
      restart: async () => begin(await here.restart()),
    };
  };
  return begin(on);
}

/** A bad deploy of checkout, ten seconds before its page. */
export async function broken(by: WayName, options: Parameters<typeof inSlack>[0] = {}): Promise<Journey> {
  const on = await journey(by, options);
  await on.pass(20 * 60_000, 60_000);
  on.run.shop.inject('bad-deploy', 'checkout');
  await on.run.clock.advance(10_000);
  return on;
}
