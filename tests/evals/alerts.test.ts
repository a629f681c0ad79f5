import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { realClock } from '#core/clock.ts';
import { alerts, postOne } from '#evals/alerts/suite.ts';

const group = {
  status: 'firing',
  alerts: [
    { status: 'firing', labels: { alertname: 'Cold', service: 'oven' } },
    { status: 'resolved', labels: { alertname: 'Hot', service: 'oven' } },
  ],
};
const event = {
  event: {
    ...{ id: 'E1', event_type: 'incident.triggered', occurred_at: '2019-05-01T00:00:00Z' },
    data: { id: 'P1', type: 'incident', status: 'triggered', title: 'The oven is cold' },
  },
};
const FILES = {
  'alertmanager-01': group,
  'pagerduty-v3-01': event,
  'bakerywatch-01': { title: 'The oven is cold', state: 'alerting' },
  'bakerywatch-02': { nothing: 'in it' },
  'bakerywatch-03': 'no object',
};

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'firebreak-alerts-'));
  await mkdir(join(dir, 'set'));
  for (const [name, body] of Object.entries(FILES))
    await writeFile(join(dir, 'set', `${name}.json`), JSON.stringify(body));
  await writeFile(join(dir, 'set', 'manifest.json'), '{}');
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const post = (vendor: string, raw: string) => postOne({ vendor, raw: Buffer.from(raw) }, realClock);

test('each delivery becomes alerts that the log holds or is refused with a reason, and the line has every key', async () => {
  const score = await alerts({
    ...{ data: dir, model: 'rules', maxReads: null, leaveOut: null, clock: realClock, say: () => {} },
  });
  expect(score).toMatchObject({ suite: 'alerts', model: 'rules', cases: 5, passed: 3 });
  expect(score.metrics).toEqual({
    ...{ accepted: 3, refused: 2, threw: 0, lost: 0 },
    byVendor: {
      alertmanager: { cases: 1, accepted: 1 },
      bakerywatch: { cases: 3, accepted: 1 },
      'pagerduty-v3': { cases: 1, accepted: 1 },
    },
  });
});

test('what is no JSON, is too deep or too large is refused with its reason by the server, not lost', async () => {
  expect(await post('bakerywatch', '{"a":')).toEqual({ kind: 'refused', detail: 'syntax' });
  expect(await post('bakerywatch', `${'['.repeat(99)}${']'.repeat(99)}`)).toMatchObject({ kind: 'refused' });
  expect(await post('bakerywatch', `"${'x'.repeat(300_000)}"`)).toEqual({
    kind: 'refused',
    detail: 'oversized',
  });
});

test('an event about no alert is refused with a reason of its own', async () => {
  const ping = { event: { ...event.event, event_type: 'pagey.ping' } };
  expect(await post('pagerduty', JSON.stringify(ping))).toEqual({
    kind: 'refused',
    detail: 'no_alert_in_it',
  });
});
