import { expect, test } from 'vitest';
import { Secret } from '#core/secret.ts';
import type { PagedAlert } from '#demo/alertmanager.ts';
import { pagerDutyBody, pagerDutySignature } from '#demo/pagerduty.ts';
import { verifyDelivery } from '#intake/verify-delivery.ts';

const startsAt = Date.UTC(2026, 0, 5, 3, 12, 2);
const now = startsAt + 5000;
const alert: PagedAlert = {
  alertname: 'HighErrorRate',
  labels: { service: 'checkout', severity: 'critical' },
  summary: '31.0 % of requests to checkout fail',
  ...{ startsAt, endsAt: undefined },
};

function received(page: PagedAlert, secret = 'secret') {
  const body = JSON.stringify(pagerDutyBody(page));
  const auth = { kind: 'signature', secrets: [new Secret('secret')] } as const;
  const request = {
    raw: Buffer.from(body),
    authorization: undefined,
    signature: pagerDutySignature(body, secret),
  };
  const verified = verifyDelivery(request, { id: 'pagerduty', format: 'pagerduty', auth }, now);
  if (verified.kind !== 'verified') return verified;
  const { key, alerts } = verified.delivery;
  return { kind: verified.kind, key, alert: alerts[0] };
}

test('a page of the demo is a signed webhook of PagerDuty about one alert that fires', () => {
  expect(received(alert)).toMatchObject({
    kind: 'verified',
    alert: { name: 'HighErrorRate', status: 'firing', severity: 'critical', service: 'checkout', startsAt },
  });
  expect(received(alert, 'another')).toEqual({ kind: 'refused', reason: 'unauthenticated' });
});

test('its end is another event about the same alert; the same event tried again has the same name', () => {
  const [first, again, end] = [received(alert), received(alert), received({ ...alert, endsAt: now })];
  expect(again).toEqual(first);
  expect(end).toMatchObject({ alert: { status: 'cleared', endsAt: now } });
  if (first.kind !== 'verified' || end.kind !== 'verified') throw new Error('not read');
  expect(end.key).not.toBe(first.key);
  expect(end.alert?.fingerprint).toBe(first.alert?.fingerprint);
});
