import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { realRandom } from '#core/clock.ts';
import { FirebreakError } from '#core/errors.ts';
import { LoadSample } from './load-summary.ts';
import { type Child, startChild } from './shop/child.ts';
import { type SupervisorClient, supervisorClient } from './shop/client.ts';
import { REPLICAS, type Route, ServiceName } from './shop/plan.ts';

/** Whose pages they are: in which shape they are sent, and how it is shown who sends them. */
export type PagedBy = 'alertmanager' | 'pagerduty';
/** Where pages are sent: a loopback port and path, with a bearer token or signed by it. */
export type Webhook = { from?: PagedBy; port: number; path: string; token: string };
export type Rates = Readonly<Record<Route, number>>;

/** One delivery the pager tried; `posted` is the HTTP code, 0 for no answer, null when it has no address yet. */
const Page = z.looseObject({
  t: z.number(),
  alertname: z.string(),
  service: ServiceName,
  status: z.enum(['firing', 'resolved']),
  summary: z.string(),
  posted: z.number().nullable(),
});
export type Page = z.infer<typeof Page>;

/** A running shop. Firebreak may be told `supervisor.url`, both its tokens, `logs` and `pagerUrl`, and nothing else. */
export type Shop = {
  readonly supervisor: {
    url: string;
    /** Looks and tries out, changes nothing. */
    readerToken: string;
    operatorToken: string;
    client: SupervisorClient;
  };
  readonly addresses: Readonly<Record<ServiceName, string>>;
  readonly logs: string;
  readonly pagerUrl: string;
  /** File of the fault injector; outside of what Firebreak is given. */
  readonly journal: string;
  readonly baseRates: Rates;
  readonly load: { samples(): readonly LoadSample[]; set(rates: Rates): void };
  readonly pager: {
    pages(): readonly Page[];
    aim(webhook: Webhook): void;
    /** Sets the latency rule of one service far too low, or (null) back. */
    oversensitive(service: ServiceName | null): void;
  };
  /** Load generator, pager, supervisor and rented stores; the instances' pids are in the supervisor's answers. */
  readonly pids: readonly number[];
  /** Ends every process of the shop and waits for that. A second call waits for the first. */
  stop(): Promise<void>;
};

const Addresses = z.record(ServiceName, z.string());
const SupervisorReady = z.object({
  port: z.number().int(),
  storesPid: z.number().int(),
  addresses: Addresses,
});
const PagerReady = z.object({ port: z.number().int() });
const KEEP = 3600;
const TOKEN_BYTES = 24;

/** A quarter of the visitors look, a quarter fill a cart, half of them buy. */
export function mixOf(rate: number): Rates {
  return { home: rate / 4, cart: rate / 4, buy: rate / 2 };
}

function keep<T>(list: T[], value: T): void {
  list.push(value);
  if (list.length > KEEP) list.shift();
}

/** Starts a process whose first line tells where it is, and hands later lines to `onLater`. */
function startTelling<T>(
  start: { entry: string; settings: object | Promise<object> },
  ready: z.ZodType<T>,
  onLater: (value: unknown) => void = () => {},
): { child: Child; ready: Promise<T> } {
  const first = Promise.withResolvers<T>();
  let told = false;
  const onLine = (value: unknown): void => {
    if (told) onLater(value);
    else first.resolve(ready.parse(value));
    told = true;
  };
  const child = startChild({ ...start, onLine });
  void child.exited.then(() => {
    first.reject(new FirebreakError('driver_failed', `${start.entry} ended while starting`));
  });
  return { child, ready: first.promise };
}

type Parts = {
  supervisor: { child: Child; ready: Promise<z.infer<typeof SupervisorReady>> };
  pager: { child: Child; ready: Promise<z.infer<typeof PagerReady>> };
  load: Child;
  samples: LoadSample[];
  pages: Page[];
};
type Start = {
  logs: string;
  rates: Rates;
  webhook: Webhook | undefined;
  readerToken: string;
  operatorToken: string;
  chaosToken: string;
};

/** Starts the three processes at once; pager and load get their settings when the supervisor has told its addresses. */
function startParts({ logs, rates, webhook, readerToken, operatorToken, chaosToken }: Start): Parts {
  const samples: LoadSample[] = [];
  const pages: Page[] = [];
  const settings = { logs, readerToken, operatorToken, chaosToken, replicas: REPLICAS };
  const supervisor = startTelling({ entry: 'shop/supervisor.ts', settings }, SupervisorReady);
  const pagerSettings = supervisor.ready.then(({ port }) => {
    return { supervisorPort: port, token: readerToken, webhook };
  });
  const pager = startTelling({ entry: 'pager.ts', settings: pagerSettings }, PagerReady, (value) =>
    keep(pages, Page.parse(value)),
  );
  const load = startChild({
    entry: 'load.ts',
    settings: supervisor.ready.then(({ addresses }) => {
      return { port: Number(new URL(addresses.gateway).port), rates };
    }),
    onLine: (value) => keep(samples, LoadSample.parse(value)),
  });
  return { supervisor, pager, load, samples, pages };
}

async function stopParts({ supervisor, pager, load }: Parts): Promise<void> {
  await Promise.all([load, pager.child, supervisor.child].map((child) => child.close(2500)));
}

/**
 * Starts supervisor, services, load and pager on free loopback ports and waits until all answer (1 to 2.5 s).
 * `dir` takes the logs and the injector's journal. Throws FirebreakError when a part does not start; nothing is left then.
 */
export async function startShop(options: {
  dir: string;
  baseRate?: number;
  webhook?: Webhook;
}): Promise<Shop> {
  const { dir, baseRate = 48, webhook } = options;
  const logs = join(dir, 'logs');
  mkdirSync(logs, { recursive: true });
  const token = (): string => realRandom.bytes(TOKEN_BYTES).toString('hex');
  const [readerToken, operatorToken] = [token(), token()];
  const chaosToken = token();
  const rates = mixOf(baseRate);
  const parts = startParts({ logs, rates, webhook, readerToken, operatorToken, chaosToken });
  try {
    const [{ port, storesPid, addresses }, pagerAt] = await Promise.all([
      parts.supervisor.ready,
      parts.pager.ready,
    ]);
    const client = supervisorClient({ port, operatorToken, chaosToken });
    return {
      supervisor: { url: `http://127.0.0.1:${port}`, readerToken, operatorToken, client },
      addresses,
      logs,
      pagerUrl: `http://127.0.0.1:${pagerAt.port}`,
      journal: join(dir, 'injector.jsonl'),
      baseRates: rates,
      load: { samples: () => parts.samples, set: (wanted) => parts.load.send({ rates: wanted }) },
      pager: {
        pages: () => parts.pages,
        aim: (to) => parts.pager.child.send({ webhook: to }),
        oversensitive: (service) => parts.pager.child.send({ sensitive: service }),
      },
      pids: [parts.load.pid, parts.pager.child.pid, parts.supervisor.child.pid, storesPid],
      stop: () => stopParts(parts),
    };
  } catch (error) {
    await stopParts(parts);
    throw error;
  }
}
