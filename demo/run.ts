import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { realClock } from '#core/clock.ts';
import { readFact } from '#incidents/entry.ts';
import { causeOf, type Incident, outcomeOf } from '#incidents/incident.ts';
import { IncidentFold } from '#incidents/incident-fold.ts';
import type { ChosenApprover } from './approver.ts';
import { type Entry, followEntries } from './entry-stream.ts';
import { brokenService, fix, inject } from './faults.ts';
import { type FirebreakHome, writeFirebreakHome } from './firebreak-config.ts';
import { type FirebreakProcess, firebreak, startFirebreak } from './firebreak-process.ts';
import { type LoadSummary, summarise } from './load-summary.ts';
import { type ReadyModel, readyModel, type WishedModel } from './model.ts';
import { plantOrders } from './poison.ts';
import type { Expected, Scenario } from './scenarios.ts';
import { type PagedBy, type Shop, startShop } from './shop.ts';
import type { DemoSlack } from './slack-fake/start.ts';

/** What a run says about itself, as `--json` prints it. */
export type RunResult = {
  scenario: string;
  expected: Expected | null;
  outcome: string;
  culprit: string | null;
  brokenService: string | null;
  actions: readonly string[];
  verified: boolean;
  mode: 'rules' | 'model';
  /** Turns that a model took, and what they cost in millionths of a dollar; 0 and 0 with the rules. */
  modelCalls: number;
  usdMicros: number;
  ms: number;
};

/** What the terminal shows besides the result. */
export type RunEvents = {
  started(shop: Shop): void;
  load(seen: LoadSummary): void;
  /** The shop is warm and nothing is injected: somebody may break it now. */
  invite(shop: Shop): Promise<void>;
  entry(entry: Entry): void;
  finished(about: Finished): void;
};
export type Finished = {
  result: RunResult;
  scenario: Scenario;
  load: { before: LoadSummary; during: LoadSummary; after: LoadSummary };
  log: { entries: number; root: string; verified: boolean; text: string };
};

/** A stand-in for Slack that somebody looks at. */
export type ShownSlack = {
  start(dir: string): Promise<DemoSlack>;
  /** All is over and it can still be looked at; resolves when that may end. */
  lookAround(): Promise<void>;
};

/** The shop runs this long before anything breaks, so that there is a normal to compare with. */
const WARM_MS = 9_000;
const HEALTHY_P95_MS = 60;
const RUN_MS = 100_000;
/** How long the user may take to break something. */
const PATIENCE_MS = 15 * 60_000;
const CALM_MS = 2_500;

const Verified = z.looseObject({
  kind: z.string(),
  entries: z.int().optional(),
  root: z.string().optional(),
});

/** One scenario from a healthy shop to the end of its incident, with real processes; everything is stopped and removed after. */
export async function runScenario(
  scenario: Scenario,
  run: {
    approver: ChosenApprover;
    events: RunEvents;
    keep: string | undefined;
    signal: AbortSignal;
    model: WishedModel | null;
    /** Left out = Alertmanager. */
    from?: PagedBy;
    slack?: ShownSlack;
  },
): Promise<RunResult> {
  const { from = 'alertmanager' } = run;
  const dir = mkdtempSync(join(tmpdir(), 'firebreak-demo-'));
  const shop = await startShop({ dir: join(dir, 'shop') });
  let server: FirebreakProcess | undefined;
  let model: ReadyModel | undefined;
  let slack: DemoSlack | null = null;
  try {
    slack = run.slack === undefined ? null : await run.slack.start(dir);
    model = await readyModel(run.model, dir);
    const home = writeFirebreakHome(join(dir, 'firebreak'), shop, {
      approverName: run.approver.name,
      models: model.config,
      from,
      slack,
    });
    server = await startFirebreak(home);
    const finished = await play(scenario, { ...run, from, shop, home, server, slack });
    await run.slack?.lookAround();
    await server.stop();
    server = undefined;
    const log = await verify(home);
    if (run.keep !== undefined) cpSync(join(home.data, 'log'), run.keep, { recursive: true });
    run.events.finished({ ...finished, log });
    return finished.result;
  } finally {
    await Promise.all([shop.stop(), server?.stop()]);
    await Promise.all([model?.stop(), slack?.stop()]);
    rmSync(dir, { recursive: true, force: true });
  }
}

type Play = {
  approver: ChosenApprover;
  events: RunEvents;
  signal: AbortSignal;
  shop: Shop;
  from: PagedBy;
  home: FirebreakHome;
  server: FirebreakProcess;
  slack: DemoSlack | null;
};

async function play(scenario: Scenario, on: Play): Promise<Omit<Finished, 'log'>> {
  const { shop, server, home } = on;
  const over = Promise.withResolvers<void>();
  const stop = new AbortController();
  const times = { paged: 0, ended: 0 };
  const fold = new IncidentFold();
  const onEntry = (entry: Entry): void => {
    fold.apply(entry);
    if (entry.kind === 'incident.opened' && times.paged === 0) times.paged = realClock.now();
    on.events.entry(entry);
    answer(scenario, on, entry).catch(over.reject);
    if (isEnd(entry)) over.resolve();
  };
  on.events.started(shop);
  const following = followEntries(server, home.viewerToken, { signal: stop.signal, onEntry });
  await warm(shop, scenario.delayMs, on.signal);
  const port = Number(new URL(server.url).port);
  shop.pager.aim({ from: on.from, port, path: `/v1/alerts/${on.from}`, token: home.alertToken });
  const broken = realClock.now();
  const before = summarise(shop.load.samples(), broken - WARM_MS + 2000, broken);
  on.events.load(before);
  if (scenario.break === null) await on.events.invite(shop);
  else await inject(scenario.break.fault, scenario.break.service, shop);
  if (scenario.break !== null && scenario.poisoned) plantOrders(shop, scenario.break.service);
  const isAsked = on.slack !== null && on.approver.kind === 'asks';
  await atMost(over.promise, scenario.break === null || isAsked ? PATIENCE_MS : RUN_MS, on.signal);
  times.ended = realClock.now();
  await realClock.sleep(CALM_MS, on.signal);
  stop.abort();
  await following;
  const incidents = fold.current();
  const during = summarise(shop.load.samples(), broken + 2000, Math.max(broken + 5000, times.paged + 2000));
  const after = summarise(shop.load.samples(), times.ended - 2000, realClock.now());
  return {
    result: resultOf(scenario, incidents, times),
    scenario,
    load: { before, during, after },
  };
}

/** Answers what needs people: the approval card, or (fixed by hand) a repair that makes it needless. */
async function answer(scenario: Scenario, on: Play, entry: Entry): Promise<void> {
  const fact = readFact(entry);
  if (fact?.kind !== 'approval.requested' || fact.body.mode !== 'act') return;
  if (scenario.byHand && scenario.break !== null)
    return fix(scenario.break.fault, scenario.break.service, on.shop);
  return on.approver.decide({ approval: fact.body.approval, home: on.home, slack: on.slack });
}

function isEnd(entry: Entry): boolean {
  return entry.kind === 'incident.resolved' || entry.kind === 'incident.escalated';
}

/** Lets the shop run until there is a normal to compare with: so long, and until its last seconds were healthy. */
async function warm(shop: Shop, delayMs: number, signal: AbortSignal): Promise<void> {
  await realClock.sleep(WARM_MS + delayMs, signal);
  for (const until = realClock.now() + WARM_MS; realClock.now() < until; await realClock.sleep(500, signal)) {
    const { errors, p95, seconds } = summarise(shop.load.samples(), realClock.now() - 4_000, realClock.now());
    if (seconds > 0 && errors < 0.01 && p95 < HEALTHY_P95_MS) return;
  }
}

/** Waits for the end, or for so long; rejects when the whole run is stopped. Leaves no timer behind. */
async function atMost(end: Promise<void>, ms: number, signal: AbortSignal): Promise<void> {
  const over = new AbortController();
  const timer = realClock
    .sleep(ms, AbortSignal.any([signal, over.signal]))
    .catch(() => signal.throwIfAborted());
  await Promise.race([end, timer]);
  over.abort();
}

/** What a run says about itself, from the incidents of its log. */
export function resultOf(
  scenario: Scenario,
  incidents: readonly Incident[],
  times: { paged: number; ended: number },
): RunResult {
  const first = incidents[0];
  const sum = (of: (incident: Incident) => number): number =>
    incidents.reduce((all, one) => all + of(one), 0);
  const modelCalls = sum(({ models }) => models.model);
  const cause = first === undefined ? null : causeOf(first);
  return {
    scenario: scenario.name,
    expected: scenario.expected,
    outcome: first === undefined ? 'not_paged' : outcomeOf(first),
    culprit: cause?.service ?? null,
    brokenService:
      scenario.break === null ? null : brokenService(scenario.break.fault, scenario.break.service),
    actions: incidents.flatMap((incident) => incident.actions),
    verified: first?.verified ?? false,
    mode: modelCalls > 0 ? 'model' : 'rules',
    modelCalls,
    usdMicros: sum(({ models }) => models.usdMicros),
    ms: times.ended - times.paged,
  };
}

async function verify(home: FirebreakHome): Promise<Finished['log']> {
  const { code, stdout, stderr } = await firebreak(['audit', 'verify', join(home.data, 'log'), '--json']);
  const lines = stdout.trim().split('\n');
  const parsed = Verified.safeParse(JSON.parse(lines.at(-1) ?? 'null'));
  const { entries = 0, root = '' } = parsed.data ?? {};
  return { entries, root, verified: code === 0, text: code === 0 ? '' : stderr.trim() };
}
