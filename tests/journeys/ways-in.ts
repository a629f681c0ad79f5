import { createServer } from 'node:http';
import { onTestFinished } from 'vitest';
import { realClock } from '#core/clock.ts';
import { Secret } from '#core/secret.ts';
import { apiAlert, type PagedAlert, webhookBody } from '#demo/alertmanager.ts';
import { createHttpGet, type HttpGet } from '#intake/http-get.ts';
import type { Poller } from '#intake/list-poller.ts';
import { createPagerDutyPoller } from '#intake/pagerduty-poller.ts';
import { createPoller } from '#intake/poller.ts';
import type { FakeClock } from '../fakes/fake-clock.ts';
import type { FakePagerDuty } from '../fakes/pagerduty/pagerduty.ts';
import { type AlertDoor, SECRET, TOKEN } from './alert-door.ts';
import type { InProcess } from './in-process.ts';

export const wayNames = [
  'a webhook of Alertmanager',
  'the list of Alertmanager',
  'a webhook of PagerDuty',
  'the list of PagerDuty',
] as const;
export type WayName = (typeof wayNames)[number];

/** How a page reaches the product: as its sender makes it, through everything that stands before an alert counts. */
export type Way = {
  /** The monitoring finds that checkout fails. */
  fire(): Promise<void>;
  /** It finds that this is over. */
  clear(): Promise<void>;
  /** All that was sent so far comes again, two at once and the newest first. */
  again(): Promise<void>;
  /** A page and its end that come in the wrong order, or so close together that nobody saw it between two looks. */
  overtaken(): Promise<void>;
  /** A process lives from now on: it is who is told. */
  aim(run: InProcess): void;
};
export type WayDeps = {
  readonly clock: FakeClock;
  readonly door: AlertDoor;
  readonly pagerduty: FakePagerDuty;
  /** Counts work that is on a wire. */
  readonly counted: <T>(work: Promise<T>) => Promise<T>;
};

export async function wayIn(name: WayName, deps: WayDeps): Promise<Way> {
  switch (name) {
    case 'a webhook of Alertmanager':
      return alertmanagerPosts(deps);
    case 'the list of Alertmanager':
      return alertmanagerLists(deps);
    case 'a webhook of PagerDuty':
      return pagerdutyPosts(deps);
    case 'the list of PagerDuty':
      return pagerdutyLists(deps);
  }
}

const EVERY_MS = 5_000;
const SUMMARY = '31 % of requests fail';
const aPage = (startsAt: number): PagedAlert => ({
  alertname: 'HighErrorRate',
  labels: { service: 'checkout', severity: 'critical' },
  summary: SUMMARY,
  ...{ startsAt, endsAt: undefined },
});

function alertmanagerPosts({ clock, door }: WayDeps): Way {
  const sent: string[] = [];
  let alert = aPage(0);
  const post = async (body: string): Promise<void> => {
    const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' };
    await fetch(`${door.url}/v1/alerts/alertmanager`, { method: 'POST', headers, body });
  };
  const bodyOf = (one: PagedAlert) => JSON.stringify(webhookBody(one, 'http://127.0.0.1:9093'));
  const send = async (one: PagedAlert): Promise<void> => {
    sent.push(bodyOf(one));
    await post(bodyOf(one));
  };
  return {
    fire: () => {
      alert = aPage(clock.now());
      return send(alert);
    },
    clear: () => send({ ...alert, endsAt: clock.now() }),
    again: async () => {
      for (const body of sent.toReversed()) await Promise.all([post(body), post(body)]);
    },
    overtaken: async () => {
      const late = aPage(clock.now());
      await clock.advance(5_000);
      await send({ ...late, endsAt: clock.now() });
      await send(late);
    },
    aim: (run) => door.aim(run),
  };
}

/** A list of alerts on loopback, as Alertmanager answers who has its token. */
async function alertmanagerLists(deps: WayDeps): Promise<Way> {
  const { clock } = deps;
  let firing: PagedAlert[] = [];
  const server = createServer((request, response) => {
    if (request.headers.authorization !== `Bearer ${TOKEN}`) return void response.writeHead(401).end();
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(firing.map((one) => apiAlert(one, url, clock.now()))));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise<void>((resolve) => void server.close(() => resolve()));
  });
  const make = (common: Common) =>
    createPoller({ ...common, url, token: new Secret(TOKEN), source: 'alertmanager' });
  const looks = looksOf(deps, make);
  return {
    ...looks,
    fire: async () => {
      firing = [aPage(clock.now())];
      await looks.look();
    },
    clear: async () => {
      firing = [];
    },
    overtaken: async () => {
      // It came and went between two looks.
      await looks.look();
    },
  };
}

const PAGED = { title: 'HighErrorRate checkout', key: 'checkout-errors', priority: 'P1' };

async function pagerdutyPosts({ clock, door, pagerduty }: WayDeps): Promise<Way> {
  const { book, webhooks } = pagerduty;
  webhooks.subscribe({ url: `${door.url}/v1/alerts/pagerduty`, secrets: [SECRET] });
  const move = (status: 'resolved') => {
    const open = book.open(PAGED.key);
    return open === undefined ? Promise.resolve() : pagerduty.move(open.id, status);
  };
  return {
    fire: async () => void (await pagerduty.trigger(PAGED)),
    clear: () => move('resolved'),
    again: async () => {
      for (const { webhook } of webhooks.sent.toReversed())
        await Promise.all([webhooks.post(webhook), webhooks.post(webhook)]);
    },
    overtaken: async () => {
      webhooks.hold(true);
      const { incident } = book.trigger(PAGED);
      const first = await webhooks.tell('incident.triggered', incident);
      await clock.advance(5_000);
      book.move(incident.id, 'resolved', 'PSTRANGER');
      const ended = await webhooks.tell('incident.resolved', incident);
      await webhooks.post(ended);
      await webhooks.post(first);
      webhooks.hold(false);
    },
    aim: (run) => door.aim(run),
  };
}

async function pagerdutyLists(deps: WayDeps): Promise<Way> {
  const { pagerduty } = deps;
  const { url, token, book } = pagerduty;
  const make = (common: Common) =>
    createPagerDutyPoller({
      ...common,
      url,
      token: new Secret(token),
      source: 'pagerduty',
      services: new Map(),
    });
  const looks = looksOf(deps, make);
  const resolve = async (): Promise<void> => {
    const open = book.open(PAGED.key);
    if (open !== undefined) book.move(open.id, 'resolved', 'PSTRANGER');
  };
  return {
    ...looks,
    fire: async () => {
      await pagerduty.trigger(PAGED);
      await looks.look();
    },
    clear: resolve,
    overtaken: async () => {
      book.trigger(PAGED);
      await resolve();
      await looks.look();
    },
  };
}

type Common = Pick<
  Parameters<typeof createPoller>[0],
  'everyMs' | 'clock' | 'get' | 'onAlert' | 'onHealth' | 'firing'
>;

/**
 * Somebody looks at the list all the time. One who has just come knows of nothing, and hands over all that stands on it
 * as if it were new.
 */
function looksOf({ clock, counted }: WayDeps, make: (common: Common) => Poller) {
  const get: HttpGet = (request) => counted(createHttpGet(request.url)({ ...request, clock: realClock }));
  let newPoller = (): Poller => {
    throw new Error('nobody is there to look');
  };
  let stop = new AbortController();
  let poller: Poller | undefined;
  onTestFinished(() => stop.abort());
  return {
    look: async () => poller?.poll(),
    again: async () => {
      const [one, other] = [newPoller(), newPoller()];
      await Promise.all([one.poll(), other.poll()]);
      await poller?.poll();
    },
    aim: ({ firebreak, errors }: InProcess) => {
      stop.abort();
      stop = new AbortController();
      newPoller = () =>
        make({
          ...{ everyMs: EVERY_MS, clock, get, firing: [] },
          onAlert: (delivery) => firebreak.deliver(delivery),
          onHealth: (health) => void (health.kind === 'failing' && errors.push(health.detail)),
        });
      poller = newPoller();
      void poller.run(stop.signal);
    },
  };
}
