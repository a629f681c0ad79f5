import type { Clock } from '#core/clock.ts';
import { anyAt, hostOf, originOf } from '#core/egress/rules.ts';
import { createEgress, wayTo } from '#core/egress.ts';
import type { SignalSource } from '#incidents/inventory.ts';
import { discoverTargets, type ScrapeTarget } from './discovery.ts';
import { parseExposition } from './exposition.ts';
import { askHttp, gapOf, type Send } from './http-text.ts';
import type { Gap, MetricsDriver, MetricsQuery, Seen, Series } from './ports.ts';
import { createScrapeStore, type ScrapeStore } from './scrape-store.ts';
import { createSignalColumns } from './signal-columns.ts';

export type ScraperSettings = {
  readonly everyMs: number;
  readonly keepMs: number;
  /** Window of rates and quantiles; default four scrapes, at least 2 s. */
  readonly rateMs?: number;
  readonly timeoutMs?: number;
  /** Signals that will be asked for; nothing else is kept. */
  readonly sources: readonly SignalSource[];
  readonly targets?: readonly ScrapeTarget[];
  /** Prometheus http_sd address, asked again in every round; what it names is asked at the same host, and at `hosts`. */
  readonly discover?: {
    readonly url: string;
    readonly token?: () => string;
    readonly hosts?: readonly string[];
  };
};

/** Answers `series` from memory while it runs. `stop` waits until no request is under way. */
export type Scraper = MetricsDriver & { start(): void; stop(): Promise<void> };

const MAX_POINTS = 11_000;

/**
 * Scrapes `/metrics` of every target by itself, for places without a metrics server. A target that is listed and does not
 * answer counts as down. Throws `config_invalid` at creation for an unusable label matcher; afterwards never.
 */
export function createScraper(settings: ScraperSettings, clock: Clock): Scraper {
  const { everyMs, keepMs, timeoutMs = Math.max(1000, everyMs) } = settings;
  const store = createScrapeStore({
    keepMs,
    rateMs: settings.rateMs ?? Math.max(4 * everyMs, 2000),
    staleMs: Math.max(2.5 * everyMs, timeoutMs + everyMs),
  });
  const rounds = createRounds({ settings, clock, store, timeoutMs });
  return {
    start: () => rounds.start(),
    stop: () => rounds.stop(),
    series: (query) => Promise.resolve(seriesOf({ store, everyMs, failure: rounds.failure() }, query)),
  };
}

type Rounds = { start(): void; stop(): Promise<void>; failure(): Gap | undefined };

/** A round starts every `everyMs`, whether or not slow targets of earlier rounds have answered; those are passed over. */
function createRounds(deps: {
  settings: ScraperSettings;
  clock: Clock;
  store: ScrapeStore;
  timeoutMs: number;
}): Rounds {
  const { settings, clock, store, timeoutMs } = deps;
  const columns = createSignalColumns(settings.sources);
  const stopped = new AbortController();
  const work = createWork();
  const send = wayToTargets(settings);
  const sendDiscover = wayTo(...(settings.discover === undefined ? [] : [settings.discover.url]));
  let discovered: readonly ScrapeTarget[] = [];
  let failure: Gap | undefined;
  let refused: Gap | undefined;
  let cancel = (): void => {};

  async function scrape({ service, url }: ScrapeTarget): Promise<void> {
    const answer = await askHttp({ url, timeoutMs, send }, clock, stopped.signal);
    if (stopped.signal.aborted) return;
    // Who was not asked is not down.
    if (answer.kind === 'no_answer' && answer.reason === 'refused') {
      refused = gapOf(answer);
      return;
    }
    const answered = answer.kind === 'answer' && answer.status === 200;
    const values = answered ? columns.read(parseExposition(answer.text, columns.wanted).series) : null;
    store.add({ target: `${service} ${url}`, service, t: clock.now(), values });
  }
  async function refresh(): Promise<void> {
    if (!settings.discover) return;
    const seen = await discoverTargets(
      { ...settings.discover, timeoutMs, send: sendDiscover },
      clock,
      stopped.signal,
    );
    if (seen.kind === 'seen') discovered = seen.value;
    failure = seen.kind === 'gap' ? seen : undefined;
    refused = undefined;
  }
  async function scrapeAll(): Promise<void> {
    const found = work.once('discover', refresh);
    if (discovered.length === 0) await found;
    store.forget(clock.now());
    for (const target of [...(settings.targets ?? []), ...discovered]) {
      if (!stopped.signal.aborted) void work.once(`target ${target.url}`, () => scrape(target));
    }
  }
  function round(): void {
    if (stopped.signal.aborted) return;
    cancel = clock.after(settings.everyMs, round);
    void work.once('round', scrapeAll);
  }
  return {
    start: round,
    failure: () => failure ?? refused,
    stop: async () => {
      stopped.abort();
      cancel();
      await work.ended();
    },
  };
}

/** Targets of the config, and whatever listens at the host that names more, and at those that the config names with it. */
function wayToTargets({ targets = [], discover }: ScraperSettings): Send {
  const named = targets.map(({ url }) => originOf(url));
  const found = discover === undefined ? [] : [hostOf(discover.url), ...(discover.hosts ?? []).map(anyAt)];
  return createEgress({ rules: [...named, ...found] }).fetch;
}

type Work = { once(key: string, work: () => Promise<void>): Promise<void>; ended(): Promise<void> };

/** At most one piece of work per key at a time. */
function createWork(): Work {
  const running = new Map<string, Promise<void>>();
  return {
    once: (key, work) => {
      const known = running.get(key);
      if (known) return known;
      const promise = work().finally(() => running.delete(key));
      running.set(key, promise);
      return promise;
    },
    ended: async () => {
      while (running.size > 0) await Promise.all(running.values());
    },
  };
}

type Kept = { store: ScrapeStore; everyMs: number; failure: Gap | undefined };

function seriesOf({ store, everyMs, failure }: Kept, query: MetricsQuery): Seen<Series> {
  const name = query.service.workload?.name ?? query.service.id;
  const since = store.since(name);
  if (since === undefined) {
    return failure ?? { kind: 'gap', reason: 'no_data', detail: `no target has the label service="${name}"` };
  }
  const stepMs = Math.max(query.stepMs, everyMs);
  const from = Math.max(query.from, since);
  const points = Math.min(MAX_POINTS, Math.max(1, Math.floor((query.to - from) / stepMs) + 1));
  const t = Array.from({ length: points }, (_, i) => query.to - (points - 1 - i) * stepMs);
  const v = t.map((at) => store.at(name, query.source, at));
  if (v.some((value) => value !== null)) return { kind: 'seen', value: { t, v } };
  return { kind: 'gap', reason: 'no_data', detail: 'the targets do not expose what this signal needs' };
}
