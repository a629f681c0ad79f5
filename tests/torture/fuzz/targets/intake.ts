import { canonical, parseJson } from '#core/canonical.ts';
import { sha256 } from '#core/hash.ts';
import { redact } from '#core/redact.ts';
import { Secret } from '#core/secret.ts';
import type { Alert } from '#incidents/alert.ts';
import { createPagerDutyPoller } from '#intake/pagerduty-poller.ts';
import { createPoller } from '#intake/poller.ts';
import { MAX_BODY_BYTES, verifyDelivery, type WebhookSource } from '#intake/verify-delivery.ts';
import { FakeClock } from '#tests/fakes/fake-clock.ts';
import { CANARY } from '../canary.ts';
import { bytesOf, mustBeSame, type Ran, read, refused, type Target } from '../target.ts';

const clock = new FakeClock();
const now = clock.now();
const at = new Date(now - 60_000).toISOString();
const leak = `login failed, token=${CANARY} was refused`;

const alertmanager = {
  ...{ version: '4', status: 'firing', receiver: 'firebreak', groupKey: '{}:{alertname="HighErrors"}' },
  alerts: [
    {
      ...{ status: 'firing', startsAt: at, endsAt: '0001-01-01T00:00:00Z', fingerprint: 'a1b2c3d4' },
      labels: { alertname: 'HighErrors', severity: 'critical', service: 'checkout', env: 'prod' },
      annotations: { summary: leak, runbook_url: 'https://runbooks.example.com/errors' },
    },
    { status: 'resolved', labels: { alertname: 'Slow', job: 'x' }, startsAt: at, endsAt: at },
  ],
};
const vendors = [
  {
    title: 'p99 above 2 s',
    severity: 'high',
    service: 'checkout',
    startsAt: at,
    description: leak,
    status: 'firing',
  },
  { title: 'CPU', alert_transition: 'Triggered', date: now, tags: 'service:checkout,env:prod', body: leak },
  {
    incident: {
      incident_id: '0.abc',
      policy_name: 'Errors',
      state: 'open',
      started_at: now / 1000,
      summary: leak,
    },
    version: '1.2',
  },
  {
    AlarmName: 'Lag',
    NewStateValue: 'ALARM',
    StateChangeTime: at,
    NewStateReason: leak,
    Region: 'eu-west-1',
  },
  {
    name: 'Disk',
    state: 'alerting',
    labels: { service: 'db' },
    values: { B: 22.5, C: null },
    priority: 'P1',
  },
];
const incident = {
  ...{ id: 'PABC123', status: 'triggered', created_at: at, title: leak, urgency: 'high', incident_key: 'k1' },
  ...{ service: { id: 'PSVC001', summary: 'Checkout' }, priority: { summary: 'P1' } },
  body: { details: { service: 'checkout', firing: 3 } },
  acknowledgements: [{ at, acknowledger: { id: 'PUSER01', type: 'user_reference' } }],
};
const paged = {
  event: {
    ...{ id: '01EVENT', event_type: 'incident.triggered', occurred_at: at },
    ...{ agent: { id: 'PUSER01', type: 'user_reference' }, data: incident },
  },
};
const polled = alertmanager.alerts.map((one) => ({
  ...one,
  status: { state: 'active', silencedBy: [], inhibitedBy: [] },
}));

/** What people see of an alert, without the secrets that the product knows. */
const shownOf = (alerts: readonly Alert[]) => alerts.map(({ name, summary }) => redact(`${name} ${summary}`));

function webhook(format: WebhookSource['format'], seeds: readonly object[]): Target {
  const source: WebhookSource = {
    ...{ id: 'source', format, auth: { kind: 'bearer', tokens: [sha256('sesame')] } },
    services: new Map([['Checkout', 'checkout']]),
    matches: [],
  };
  return {
    name: `webhook ${format}`,
    seeds: seeds.map((one) => JSON.stringify(one)),
    most: MAX_BODY_BYTES,
    run: (input) => {
      const verified = verifyDelivery({ raw: bytesOf(input), authorization: 'Bearer sesame' }, source, now);
      if (verified.kind === 'refused') return refused(verified.reason);
      return read(verified.kind === 'ignored' ? verified.ignored.reason : shownOf(verified.delivery.alerts));
    },
  };
}

async function polledOnce(
  make: (deps: Parameters<typeof createPoller>[0]) => { poll(): Promise<void> },
  text: string,
): Promise<Ran> {
  const alerts: Alert[] = [];
  const health: string[] = [];
  const poller = make({
    ...{ url: 'http://127.0.0.1:9', token: null, source: 'polled', everyMs: 1000, clock, firing: [] },
    get: async () => ({ kind: 'answer', status: 200, text }),
    onAlert: async (delivery) => {
      alerts.push(...delivery.alerts);
      return { kind: 'accepted', incidents: [] };
    },
    onHealth: (one) => health.push(one.kind === 'ok' ? 'ok' : one.detail),
  });
  await poller.poll();
  return health[0] === 'ok' ? read(shownOf(alerts)) : refused(health);
}

export const intakeTargets: readonly Target[] = [
  webhook('alertmanager', [alertmanager]),
  webhook('any', [alertmanager, ...vendors.slice(0, 1)]),
  webhook('generic', vendors),
  webhook('pagerduty', [paged]),
  {
    name: 'Alertmanager list',
    seeds: [JSON.stringify(polled)],
    run: (text) => polledOnce(createPoller, text),
  },
  {
    name: 'PagerDuty list',
    seeds: [JSON.stringify({ incidents: [incident], more: false })],
    run: (text) =>
      polledOnce(
        (deps) =>
          createPagerDutyPoller({
            ...deps,
            token: new Secret('sesame'),
            services: new Map([['PSVC001', 'checkout']]),
          }),
        text,
      ),
  },
  {
    name: 'canonical JSON',
    seeds: ['{"a":[1,-2,"é",null,true],"b":{"c":"\\u0001\\"\\\\"}}', '"x"', '[]', '-9007199254740991'],
    throws: ['json_invalid'],
    run: (text) => {
      const parsed = parseJson(text);
      if (parsed.kind === 'invalid') return refused(parsed.reason);
      const written = canonical(parsed.value);
      const again = parseJson(written);
      mustBeSame(again.kind === 'ok' ? canonical(again.value) : again.reason, written);
      return read();
    },
  },
];
