import { describe, expect, test } from 'vitest';
import { sha256 } from '#core/hash.ts';
import { fingerprintOf } from '#incidents/alert.ts';
import type { Inventory } from '#incidents/inventory.ts';
import { alertSilence } from '#tools/act/alert-silence.ts';
import { createAlertmanagerSilences } from '#tools/drivers/alertmanager-silences.ts';
import type { SilenceDriver } from '#tools/drivers/silence-port.ts';
import type { ToolContext } from '#tools/tool.ts';
import { fakeAlertmanager } from '../fakes/fake-alertmanager.ts';
import { FakeClock } from '../fakes/fake-clock.ts';
import { aService } from './a-service.ts';
import { loopback, never } from './loopback.ts';

const labels = { alertname: 'HighErrorRate', service: 'checkout', severity: 'critical' };
const refOf = (one: Readonly<Record<string, string>>) =>
  `alert:${fingerprintOf('am', new Map(Object.entries(one)))}`;
const target = refOf(labels);
const args = { target, service: 'service:checkout', minutes: 60 };
const change = { tool: 'alert_silence', ...args } as const;
const undo = { tool: 'alert_silence', target, service: 'service:checkout', back: true } as const;

async function setUp(alerts: readonly Readonly<Record<string, string>>[] = [labels]) {
  const am = fakeAlertmanager(alerts);
  const { url, heard } = await loopback(am.answer);
  const clock = new FakeClock();
  const driver = createAlertmanagerSilences({ source: 'am', url, token: () => 'for changes' }, clock);
  return { ...am, heard, clock, driver, context: contextOf(clock, [driver]) };
}

function contextOf(clock: FakeClock, drivers: readonly SilenceDriver[]): ToolContext {
  const service = aService();
  const inventory: Inventory = { version: sha256('i'), services: new Map([[service.id, service]]) };
  const silences = new Map(drivers.map((driver, at) => [`am-${at}`, driver]));
  return {
    ...{ inventory, clock, runbooks: [], signal: never },
    world: {
      metrics: new Map(),
      workloads: new Map(),
      silences,
      logs: { search: async () => ({ kind: 'gap', reason: 'no_data', detail: '' }) },
      probe: { get: async () => ({ kind: 'gap', reason: 'no_data', detail: '' }) },
    },
  };
}

const orderOf = (what: typeof change | typeof undo, key: string) => ({
  ...{ service: aService(), change: what, key, expectGeneration: 0 },
});
const there = orderOf(change, 'fb-1-0-run');
const back = orderOf(undo, 'fb-1-0-undo');

describe('a silence is prepared', () => {
  test('from the labels of the alert that was recorded, all of them and nothing else; nothing is changed', async () => {
    const others = [
      { ...labels, service: 'payments' },
      { ...labels, pod: 'checkout-1' },
    ];
    const { context, heard } = await setUp([...others, labels]);
    expect(await alertSilence.prepare(args, context)).toMatchObject({
      kind: 'step',
      step: {
        target: { ref: target, service: 'checkout', uid: target, generation: 0 },
        preview: {
          alert: 'HighErrorRate',
          matchers: [
            { name: 'alertname', value: 'HighErrorRate' },
            { name: 'service', value: 'checkout' },
            { name: 'severity', value: 'critical' },
          ],
        },
        undo: { tool: 'alert_silence', service: 'service:checkout', back: true },
        manual:
          'amtool silence add --duration=60m alertname="HighErrorRate" service="checkout" severity="critical"',
      },
    });
    expect(heard.map(({ method, path }) => `${method} ${path}`)).toEqual(['GET /api/v2/alerts']);
  });

  test.each([
    ['has no name', { service: 'checkout', severity: 'critical' }],
    ['names no service, instance or the like', { alertname: 'Watchdog', severity: 'critical' }],
    ['has an empty service', { alertname: 'Watchdog', service: '' }],
    ['has a label with a second line', { ...labels, note: 'a\nb' }],
    ['has a label with an invisible sign', { ...labels, note: 'a\u202eb' }],
    [
      'has too many labels',
      { ...labels, ...Object.fromEntries(Array.from({ length: 40 }, (_, at) => [`l${at}`, 'x'])) },
    ],
  ])('never where the alert %s', async (_, odd) => {
    const { context } = await setUp([odd]);
    const prepared = await alertSilence.prepare({ ...args, target: refOf(odd) }, context);
    expect(prepared).toMatchObject({ kind: 'refused', reason: 'dry_run_failed' });
  });

  test('never with more labels than people can be shown', async () => {
    const odd = {
      ...labels,
      ...Object.fromEntries(Array.from({ length: 8 }, (_, at) => [`l${at}`, 'x'.repeat(200)])),
    };
    const { context } = await setUp([odd]);
    const prepared = await alertSilence.prepare({ ...args, target: refOf(odd) }, context);
    expect(prepared).toMatchObject({ kind: 'refused', reason: 'too_wide' });
  });

  test('never for an alert that does not fire, nor where no Alertmanager answers or there is none', async () => {
    const { state, context, clock } = await setUp();
    state.alerts = [{ ...labels, service: 'other' }];
    expect(await alertSilence.prepare(args, context)).toMatchObject({ reason: 'dry_run_failed' });
    expect(await alertSilence.prepare(args, contextOf(clock, []))).toMatchObject({
      reason: 'not_configured',
    });
    const { url } = await loopback(() => ({ body: '<html>' }));
    const broken = createAlertmanagerSilences({ source: 'am', url }, clock);
    expect(await alertSilence.prepare(args, contextOf(clock, [broken]))).toMatchObject({
      detail: 'bad_answer: the answer is not what an Alertmanager gives',
    });
  });

  test('never for longer than two hours, and never by a label that somebody wrote', () => {
    for (const minutes of [0, 121, 60.5, -1])
      expect(alertSilence.args.safeParse({ ...args, minutes }).success).toBe(false);
    const wide = { ...args, matchers: [{ name: 'alertname', value: '.*' }] };
    expect(alertSilence.args.safeParse(wide).success).toBe(false);
    for (const ref of ['alert:*', 'alert:HighErrorRate', `${target} `, 'service:checkout'])
      expect(alertSilence.args.safeParse({ ...args, target: ref }).success).toBe(false);
  });
});

describe('a silence is made', () => {
  test('once for each key, for as long as was approved, by exact labels; and is ended once', async () => {
    const { state, heard, clock, context } = await setUp();
    expect(await alertSilence.perform(there, context)).toMatchObject({ kind: 'done', generation: 1 });
    expect(await alertSilence.perform(there, context)).toMatchObject({ kind: 'done', tookMs: 0 });
    expect(state.posts).toBe(1);
    const [made] = state.silences;
    expect(made?.matchers).toEqual(
      Object.entries(labels).map(([name, value]) => ({ name, value, isRegex: false, isEqual: true })),
    );
    expect(Date.parse(made?.endsAt ?? '') - clock.now()).toBe(60 * 60_000);
    expect(made?.comment).toContain('fb-1-0-run');
    expect(heard.every(({ token }) => token === 'Bearer for changes')).toBe(true);
    expect(await alertSilence.settle(there, context)).toBe('happened');
    expect(await alertSilence.settle(back, context)).toBe('did_not_happen');
    expect(await alertSilence.perform(back, context)).toMatchObject({ kind: 'done', generation: 0 });
    expect(made?.status.state).toBe('expired');
    expect(await alertSilence.settle(back, context)).toBe('happened');
    expect(await alertSilence.settle(there, context)).toBe('did_not_happen');
    // A repeat that comes late makes no second one.
    expect(await alertSilence.perform(there, context)).toMatchObject({ kind: 'done', tookMs: 0 });
    expect(state.posts).toBe(1);
  });

  test('in the one Alertmanager in which the alert fires', async () => {
    const [one, other] = [await setUp([]), await setUp()];
    const context = contextOf(one.clock, [one.driver, other.driver]);
    expect(await alertSilence.perform(there, context)).toMatchObject({ kind: 'done' });
    expect([one.state.posts, other.state.posts]).toEqual([0, 1]);
    expect(await alertSilence.perform(back, context)).toMatchObject({ kind: 'done' });
    expect(other.state.silences[0]?.status.state).toBe('expired');
  });

  test('and found out about by its key when its answer was lost', async () => {
    const { state, context } = await setUp();
    state.next = 'lost_answer';
    expect(await alertSilence.perform(there, context)).toMatchObject({ kind: 'unknown' });
    expect(await alertSilence.settle(there, context)).toBe('happened');
    expect(await alertSilence.perform(there, context)).toMatchObject({ kind: 'done' });
    const lost = await setUp();
    lost.state.next = 'lost_request';
    expect(await alertSilence.perform(there, lost.context)).toMatchObject({ kind: 'unknown' });
    expect(await alertSilence.settle(there, lost.context)).toBe('did_not_happen');
  });

  test('only where it is seen afterwards; a refusal means that nothing happened', async () => {
    const { state, context } = await setUp();
    state.next = 'not_kept';
    expect(await alertSilence.perform(there, context)).toMatchObject({ kind: 'unknown' });
    state.next = 'forbidden';
    expect(await alertSilence.perform(there, context)).toMatchObject({
      kind: 'refused',
      reason: 'unauthorised',
    });
    state.alerts = [];
    expect(await alertSilence.perform(there, context)).toMatchObject({
      kind: 'refused',
      reason: 'not_found',
    });
    expect(state.silences).toEqual([]);
  });

  test('never against a change of another kind', async () => {
    const { state, context } = await setUp();
    const other = { tool: 'service_restart', target: 'service:checkout' } as const;
    const order = { ...there, change: other };
    expect(await alertSilence.perform(order, context)).toMatchObject({ kind: 'refused' });
    expect(state.posts).toBe(0);
  });
});
