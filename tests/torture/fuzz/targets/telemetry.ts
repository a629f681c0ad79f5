import { parser } from '@prometheus-io/lezer-promql';
import { z } from 'zod';
import { realClock } from '#core/clock.ts';
import { Secret } from '#core/secret.ts';
import { fingerprintOf } from '#incidents/alert.ts';
import { FakeClock } from '#tests/fakes/fake-clock.ts';
import { aService } from '#tests/tools/a-service.ts';
import { createAlertmanagerSilences } from '#tools/drivers/alertmanager-silences.ts';
import { discoverTargets } from '#tools/drivers/discovery.ts';
import { parseExposition } from '#tools/drivers/exposition.ts';
import { MAX_ANSWER_BYTES, type Send } from '#tools/drivers/http-text.ts';
import { parseLogLine } from '#tools/drivers/log-line.ts';
import { createLoki } from '#tools/drivers/loki.ts';
import { createPagerDuty } from '#tools/drivers/pagerduty.ts';
import type { Seen } from '#tools/drivers/ports.ts';
import { lockTree, Session, summary, Waiter } from '#tools/drivers/postgres-activity.ts';
import { createProcessDriver } from '#tools/drivers/process.ts';
import { createPrometheus } from '#tools/drivers/prometheus.ts';
import { readCallTimes } from '#tools/drivers/prometheus-calls.ts';
import { askPromql } from '#tools/drivers/prometheus-promql.ts';
import { checkPromql } from '#tools/drivers/promql-check.ts';
import { standardSignals } from '#tools/drivers/standard-signals.ts';
import { withoutValues } from '#tools/drivers/statement.ts';
import { cleaned, shown } from '#tools/read/cleaned.ts';
import { foreign } from '#tools/read/foreign.ts';
import { type Answering, answering } from '../answering.ts';
import { CANARY } from '../canary.ts';
import { bytesOf, jsonOrText, type Ran, read, refused, type Target } from '../target.ts';

const clock = new FakeClock();
const service = aService();
const never = new AbortController().signal;
const to = clock.now();
const from = to - 600_000;
const allowed = { metrics: ['up'], maxRangeMs: 3_600_000 };

/** A gap is shown as it is. */
const ran = (seen: Seen<unknown>): Ran => (seen.kind === 'gap' ? refused(seen.detail) : read());

/** Asks a real driver, whose server answers with the input. */
export function served(
  target: Omit<Target, 'run'> & { readonly ask: (url: string) => (signal: AbortSignal) => Promise<Ran> },
): Target {
  const { ask, ...rest } = target;
  let up: { server: Answering; look: (signal: AbortSignal) => Promise<Ran> } | undefined;
  return {
    share: 0.2,
    most: MAX_ANSWER_BYTES,
    ...rest,
    run: async (input) => {
      if (up === undefined) {
        const server = await answering();
        up = { server, look: ask(server.url) };
      }
      up.server.give(bytesOf(input));
      return up.look(never);
    },
    close: () => up?.server.close(),
  };
}

/** A way out on which everything is answered with the input. */
export const saying =
  (input: string): Send =>
  async () => ({
    status: 200,
    headers: new Headers(),
    body: new Blob([new Uint8Array(bytesOf(input))]).stream(),
  });

const labels = { alertname: 'HighErrors', service: 'checkout' };
const seconds = to / 1000 - 60;
const matrix = (metric: object) =>
  JSON.stringify({
    status: 'success',
    data: {
      resultType: 'matrix',
      result: [
        {
          metric,
          values: [
            [seconds, '1.5'],
            [seconds + 15, 'NaN'],
          ],
        },
      ],
    },
  });
const S = 'service="checkout"';

const sessions = [
  {
    ...{ pid: 1, user_name: 'app', app: 'x', state: 'active', wait_type: 'Lock', wait_event: 'tuple' },
    ...{ open_s: 1, query_s: 2.5, state_s: 0, text: `update users set password = '${CANARY}' where id = 7` },
  },
  {
    ...{ pid: 2, user_name: null, app: null, state: null, wait_type: null, wait_event: null },
    ...{ open_s: null, query_s: null, state_s: null, text: null },
  },
];
const waiters = [{ pid: 1, blocked_by: [2], waits_s: 3, relation: 'users' }];
const Rows = z.object({ sessions: z.array(Session), waiters: z.array(Waiter) });

export const telemetryTargets: readonly Target[] = [
  served({
    name: 'Prometheus series',
    seeds: [matrix({})],
    ask: (url) => {
      const driver = createPrometheus({ url }, realClock);
      const source = standardSignals.error_ratio;
      return async (signal) =>
        ran(
          await driver.series({ service, signal: 'error_ratio', source, from, to, stepMs: 15_000 }, signal),
        );
    },
  }),
  {
    name: 'Prometheus call times',
    seeds: [matrix({ client: 'gateway', server: 'checkout' })],
    run: async (input) =>
      ran(
        await readCallTimes({ url: 'http://127.0.0.1:9', send: saying(input) }, { from, to, clock }, never),
      ),
  },
  {
    name: 'Prometheus expression, answer',
    seeds: [matrix({ code: '500' })],
    run: async (input) => {
      const settings = { url: 'http://127.0.0.1:9', send: saying(input), allowed, clock };
      return ran(
        await askPromql(settings, { service, expression: `up{${S}}`, from, to, stepMs: 15_000 }, never),
      );
    },
  },
  {
    name: 'Prometheus expression, check',
    seeds: [
      `up{${S}}`,
      `sum by (code) (rate(up{${S},code=~"5.."}[5m] offset 1h)) / 2`,
      `histogram_quantile(0.99, sum by (le) (rate(up{${S}}[1m]))) > bool 0`,
    ],
    run: (input) => {
      const verdict = checkPromql(parser, input, {
        ...allowed,
        scope: [{ label: 'service', value: 'checkout' }],
      });
      return verdict.kind === 'ok' ? read() : refused();
    },
  },
  {
    name: 'Prometheus text format',
    seeds: [
      `# HELP up x\nup{service="a\\"b\\\\",path="/x"} 1 1763733600000\nhttp_requests_total{code="500"} +Inf\n`,
    ],
    most: MAX_ANSWER_BYTES,
    run: (input) =>
      parseExposition(input, new Set(['up', 'http_requests_total'])).series.length > 0 ? read() : refused(),
  },
  {
    name: 'service discovery',
    seeds: [JSON.stringify([{ targets: ['127.0.0.1:9100', '[::1]:80'], labels: { service: 'checkout' } }])],
    run: async (input) =>
      ran(
        await discoverTargets(
          { url: 'http://127.0.0.1:9', timeoutMs: 1000, send: saying(input) },
          clock,
          never,
        ),
      ),
  },
  served({
    name: 'Loki lines',
    seeds: [
      JSON.stringify({
        status: 'success',
        data: {
          resultType: 'streams',
          result: [
            {
              stream: { app: 'x' },
              values: [
                [`${to}000000`, `ERROR token=${CANARY}`],
                [`${to}000001`, '{"level":50,"msg":"x"}'],
              ],
            },
          ],
        },
      }),
    ],
    ask: (url) => {
      const driver = createLoki({ url, label: 'app' }, realClock);
      return async (signal) => {
        const seen = await driver.search({ service, level: 'any', from, limit: 100 }, signal);
        return seen.kind === 'gap'
          ? refused(seen.detail)
          : read(seen.value.lines.map((one) => foreign(one.message, 300)));
      };
    },
  }),
  {
    name: 'log line of a program',
    seeds: [
      `{"level":50,"time":1763733600000,"msg":"failed with ${CANARY}"}`,
      `2026-11-21 14:00:00,123 ERROR password: ${CANARY}`,
      `[2026-11-21T14:00:00.123+01:00] warn api_key="${CANARY}"`,
    ],
    run: (input) => read(foreign(parseLogLine(input).message, 300)),
  },
  served({
    name: 'Alertmanager alerts',
    seeds: [JSON.stringify([{ labels, status: { state: 'active' } }])],
    ask: (url) => {
      const driver = createAlertmanagerSilences({ url, source: 'am' }, realClock);
      const fingerprint = fingerprintOf('am', new Map(Object.entries(labels)));
      return async (signal) => ran(await driver.find(fingerprint, signal));
    },
  }),
  served({
    name: 'supervisor, service',
    seeds: [
      JSON.stringify({
        ...{ uid: 'u-1', generation: 3, version: '1.4.2', replicas: 2, maxReplicas: 4 },
        instances: [
          {
            id: 'i1',
            state: 'running',
            version: '1.4.2',
            startedAt: new Date(from).toISOString(),
            exitCode: null,
          },
        ],
      }),
    ],
    ask: (url) => {
      const driver = createProcessDriver({ url, token: () => 'sesame' }, realClock);
      return async (signal) => ran(await driver.describe(service, signal));
    },
  }),
  served({
    name: 'supervisor, deployments',
    seeds: [JSON.stringify([{ version: '1.4.2', at: new Date(from).toISOString(), by: 'alice' }])],
    ask: (url) => {
      const driver = createProcessDriver({ url, token: () => 'sesame' }, realClock);
      return async (signal) => ran(await driver.deployments(service, signal));
    },
  }),
  served({
    name: 'PagerDuty on call',
    seeds: [
      JSON.stringify({
        oncalls: [{ user: { id: 'PUSER01' }, escalation_level: 1, end: new Date(to).toISOString() }],
      }),
    ],
    ask: (url) => {
      const settings = { api: url, token: new Secret('sesame'), from: 'x@example.com', events: null };
      const leave = { worked: () => {}, failed: () => {}, undecided: () => {} };
      const driver = createPagerDuty({ settings, clock: realClock, enter: () => leave });
      return async (signal) => ran(await driver.onCalls({ schedule: 'PSCHED1' }, signal));
    },
  }),
  {
    name: 'PostgreSQL rows',
    seeds: [JSON.stringify({ sessions, waiters })],
    run: (input) => {
      const rows = Rows.safeParse(jsonOrText(input));
      if (!rows.success) return refused();
      const seen = { ...summary(rows.data.sessions), ...lockTree(rows.data.waiters, rows.data.sessions) };
      return read(shown(cleaned(JSON.parse(JSON.stringify(seen)), 500)));
    },
  },
  {
    name: 'SQL statement',
    seeds: [
      `select * from a where t = '${CANARY}' and n in (1, 2) -- x`,
      `insert into "b" values ($$x$$, E'\\'', 0x1F) /* c */`,
    ],
    run: (input) => read(foreign(withoutValues(input), 500)),
  },
];
