import { expect, test } from 'vitest';
import { apiAlert, fingerprintOf, type PagedAlert, webhookBody } from '#demo/alertmanager.ts';
import { parseAlertmanager } from '#intake/alertmanager.ts';

const startsAt = Date.UTC(2026, 0, 5, 3, 12, 2);
const alert: PagedAlert = {
  alertname: 'HighErrorRate',
  labels: { service: 'checkout', severity: 'critical' },
  summary: '31.0 % of requests to checkout fail',
  startsAt,
  endsAt: undefined,
};
const context = { source: 'alertmanager', now: startsAt + 5000 };
const url = 'http://127.0.0.1:9093';

test('a page is read by the webhook door as one firing alert with service, severity and start', () => {
  const parsed = parseAlertmanager(webhookBody(alert, url), context);
  expect(parsed).toMatchObject({
    alerts: [
      {
        status: 'firing',
        name: 'HighErrorRate',
        severity: 'critical',
        service: 'checkout',
        environment: 'demo',
      },
    ],
  });
  expect(JSON.stringify(parsed)).toContain(String(startsAt));
});

test('the same alert resolved keeps its fingerprint', () => {
  const firing = parseAlertmanager(webhookBody(alert, url), context);
  const cleared = parseAlertmanager(webhookBody({ ...alert, endsAt: startsAt + 4000 }, url), context);
  expect(cleared).toMatchObject({ alerts: [{ status: 'cleared' }] });
  const print = (value: object): string => /"fingerprint":"(\w+)"/.exec(JSON.stringify(value))?.[1] ?? '';
  expect(print(cleared)).toBe(print(firing));
  expect(print(firing)).not.toBe('');
});

test('a fingerprint depends on the labels and not on their order', () => {
  expect(fingerprintOf({ a: '1', b: '2' })).toBe(fingerprintOf({ b: '2', a: '1' }));
  expect(fingerprintOf({ a: '1', b: '2' })).not.toBe(fingerprintOf({ a: '1', b: '3' }));
});

test('the list of alerts has the same labels, start and fingerprint as the page', () => {
  const listed = apiAlert(alert, url, startsAt + 1000);
  expect(listed).toMatchObject({
    labels: { alertname: 'HighErrorRate', env: 'demo', service: 'checkout', severity: 'critical' },
    startsAt: '2026-01-05T03:12:02.000Z',
    status: { state: 'active' },
  });
  expect(webhookBody(alert, url)).toMatchObject({
    version: '4',
    status: 'firing',
    alerts: [{ startsAt: '2026-01-05T03:12:02.000Z', fingerprint: Reflect.get(listed, 'fingerprint') }],
  });
});
