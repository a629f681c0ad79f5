import { z } from 'zod';
import { realClock } from '#core/clock.ts';
import { type AlertBook, createAlertBook } from './alert-book.ts';
import { apiAlert, type PagedAlert, webhookBody } from './alertmanager.ts';
import { parseExposition, type Sample } from './exposition.ts';
import {
  addWindows,
  type Baseline,
  type Condition,
  type Counts,
  countsOf,
  createBaseline,
  increase,
  p95Of,
  requestConditions,
  type Window,
} from './pager-rules.ts';
import { pagerDutyBody, pagerDutySignature } from './pagerduty.ts';
import { TargetGroups } from './shop/api-types.ts';
import { call, listen } from './shop/http.ts';
import { runProcess, sayLine } from './shop/lines.ts';
import { SERVICES, ServiceName } from './shop/plan.ts';

/** `token`: the bearer token where pages go as Alertmanager sends them, the secret that signs where as PagerDuty does. */
const Webhook = z.strictObject({
  from: z.enum(['alertmanager', 'pagerduty']).default('alertmanager'),
  port: z.number().int(),
  path: z.string(),
  token: z.string(),
});
const Settings = z.strictObject({
  supervisorPort: z.number().int(),
  token: z.string(),
  webhook: Webhook.optional(),
});
/** `webhook` says where pages go from now on; `sensitive` names the service whose latency rule is set far too low, or null. */
const Command = z.union([
  z.strictObject({ webhook: Webhook }),
  z.strictObject({ sensitive: ServiceName.nullable() }),
]);
type Settings = z.infer<typeof Settings>;
type Scrape = { service: ServiceName; instance: string; samples: readonly Sample[] | undefined };

const EVERY_MS = 500;
const counts = new Map<string, Counts>();
const recent = new Map<ServiceName, Window[]>();
const baselines = new Map<ServiceName, Baseline>(SERVICES.map((name) => [name, createBaseline()]));
let settings: Settings | undefined;
let sensitive: ServiceName | null = null;
let url = '';
const book: AlertBook = createAlertBook((alert) => void post(alert));

async function scrapeAll({ supervisorPort, token }: Settings): Promise<Scrape[] | undefined> {
  const headers = { authorization: `Bearer ${token}` };
  const reply = await call({ port: supervisorPort, path: '/v1/targets', timeoutMs: 400, headers });
  if (reply.kind !== 'answer' || reply.code !== 200) return undefined;
  const groups = TargetGroups.parse(JSON.parse(reply.body));
  return await Promise.all(
    groups.map(async ({ targets, labels }) => {
      const port = Number(targets[0]?.split(':')[1]);
      const page = await call({ port, path: '/metrics', timeoutMs: 800 });
      const up = page.kind === 'answer' && page.code === 200;
      return { ...labels, samples: up ? parseExposition(page.body) : undefined };
    }),
  );
}

/** The last second of each service: this scrape's increase and the one before. */
function windowsOf(scrapes: readonly Scrape[]): Map<ServiceName, Window> {
  return new Map(
    SERVICES.map((service) => {
      const increases = scrapes.flatMap(({ service: of, instance, samples }) => {
        if (of !== service || samples === undefined) return [];
        const now = countsOf(samples);
        const before = counts.get(instance);
        counts.set(instance, now);
        return [increase(before, now)];
      });
      const kept = [...(recent.get(service) ?? []).slice(-1), addWindows(increases)];
      recent.set(service, kept);
      return [service, addWindows(kept)];
    }),
  );
}

function gauge(samples: readonly Sample[] | undefined, name: string): number {
  return samples?.find((sample) => sample.name === name)?.value ?? 0;
}

function instanceConditions({ service, instance, samples }: Scrape): Condition[] {
  const limit = gauge(samples, 'process_memory_limit_bytes');
  const share = limit === 0 ? 0 : gauge(samples, 'process_resident_memory_bytes') / limit;
  return [
    {
      key: instance,
      alertname: 'InstanceDown',
      labels: { service, instance, severity: 'critical' },
      summary: `${instance} does not answer its scrapes`,
      holds: samples === undefined,
    },
    {
      key: instance,
      alertname: 'MemoryNearLimit',
      labels: { service, instance, severity: 'warning' },
      summary: `${instance} uses ${Math.round(share * 100)} % of its memory limit`,
      holds: share > 0.7,
    },
  ];
}

function conditionsOf(scrapes: readonly Scrape[]): Condition[] {
  const requests = [...windowsOf(scrapes)].flatMap(([service, window]) => {
    const baseline = baselines.get(service);
    const found = requestConditions(service, window, {
      usual: baseline?.p95(),
      sensitive: sensitive === service,
    });
    const p95 = p95Of(window);
    if (p95 !== undefined && found.every(({ holds }) => !holds)) baseline?.add(p95);
    return found;
  });
  return [...requests, ...scrapes.flatMap(instanceConditions)];
}

/** Posts one page and tries again every second while it is not accepted; gives up after 30 tries. */
async function post(alert: PagedAlert, tries = 30): Promise<void> {
  const webhook = settings?.webhook;
  const status = alert.endsAt === undefined ? 'firing' : 'resolved';
  const about = { alertname: alert.alertname, ...alert.labels, status, summary: alert.summary };
  if (webhook === undefined) {
    sayLine({ t: realClock.now(), ...about, posted: null });
    return;
  }
  const reply = await call({
    port: webhook.port,
    path: webhook.path,
    method: 'POST',
    timeoutMs: 5000,
    ...signed(alert, webhook),
  });
  const code = reply.kind === 'answer' ? reply.code : 0;
  sayLine({ t: realClock.now(), ...about, posted: code });
  if (code >= 200 && code < 300) return;
  if (tries > 1) setTimeout(() => void post(alert, tries - 1), 1000);
}

/** The page as its sender writes it, and what shows who that is. */
function signed(alert: PagedAlert, { from, token }: z.infer<typeof Webhook>) {
  const json = { 'content-type': 'application/json' };
  if (from === 'alertmanager') {
    const body = JSON.stringify(webhookBody(alert, url));
    return { body, headers: { ...json, authorization: `Bearer ${token}` } };
  }
  const body = JSON.stringify(pagerDutyBody(alert));
  return { body, headers: { ...json, 'x-pagerduty-signature': pagerDutySignature(body, token) } };
}

async function evaluate(): Promise<void> {
  const scrapes = settings && (await scrapeAll(settings));
  if (scrapes) book.take(conditionsOf(scrapes), realClock.now());
}

/** Evaluates for ever, one evaluation at a time, every half second. */
async function run(): Promise<void> {
  for (;;) {
    const began = realClock.mono();
    await evaluate();
    await realClock.sleep(Math.max(50, EVERY_MS - (realClock.mono() - began)));
  }
}

async function start(value: unknown): Promise<void> {
  settings = Settings.parse(value);
  const { port } = await listen((request, response) => {
    const known = request.method === 'GET' && request.url?.split('?')[0] === '/api/v2/alerts';
    if (!known) {
      response.writeHead(404).end();
      return;
    }
    const alerts = book.firing().map((alert) => apiAlert(alert, url, realClock.now()));
    response.setHeader('content-type', 'application/json').end(JSON.stringify(alerts));
  });
  url = `http://127.0.0.1:${port}`;
  sayLine({ port });
  await run();
}

runProcess({
  onSettings: (value) => void start(value),
  onCommand: (value) => {
    const command = Command.parse(value);
    if ('sensitive' in command) sensitive = command.sensitive;
    else if (settings) settings = { ...settings, webhook: command.webhook };
  },
});
