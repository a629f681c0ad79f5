import { createHash } from 'node:crypto';
import type { AlertName } from './pager-rules.ts';

/** One alert as Alertmanager knows it; times in ms since 1970, `endsAt` once resolved. */
export type PagedAlert = {
  alertname: AlertName;
  labels: Readonly<Record<string, string>>;
  summary: string;
  startsAt: number;
  endsAt: number | undefined;
};

const NEVER = '0001-01-01T00:00:00Z';
const iso = (ms: number): string => new Date(ms).toISOString();

/** All labels of an alert, in the shop's environment. */
export function labelsOf(alert: PagedAlert): Record<string, string> {
  return { alertname: alert.alertname, env: 'demo', ...alert.labels };
}

/** 16 hex digits that depend on the labels only. */
export function fingerprintOf(labels: Readonly<Record<string, string>>): string {
  const sorted = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(sorted)).digest('hex').slice(0, 16);
}

/** The body of one Alertmanager webhook delivery (version 4) with one alert; `url` is where this pager listens. */
export function webhookBody(alert: PagedAlert, url: string): object {
  const labels = labelsOf(alert);
  const { alertname, service = '' } = labels;
  const status = alert.endsAt === undefined ? 'firing' : 'resolved';
  const annotations = { summary: alert.summary };
  const groupLabels = { alertname, service };
  return {
    version: '4',
    groupKey: `{}:{alertname="${alertname}", service="${service}"}`,
    truncatedAlerts: 0,
    status,
    receiver: 'firebreak',
    groupLabels,
    commonLabels: labels,
    commonAnnotations: annotations,
    externalURL: url,
    alerts: [
      {
        status,
        labels,
        annotations,
        startsAt: iso(alert.startsAt),
        endsAt: alert.endsAt === undefined ? NEVER : iso(alert.endsAt),
        generatorURL: `${url}/graph?g0.expr=${alertname}`,
        fingerprint: fingerprintOf(labels),
      },
    ],
  };
}

/** One firing alert as GET /api/v2/alerts lists it. */
export function apiAlert(alert: PagedAlert, url: string, now: number): object {
  const labels = labelsOf(alert);
  return {
    labels,
    annotations: { summary: alert.summary },
    startsAt: iso(alert.startsAt),
    endsAt: iso(now + 60_000),
    updatedAt: iso(now),
    generatorURL: `${url}/graph?g0.expr=${alert.alertname}`,
    fingerprint: fingerprintOf(labels),
    receivers: [{ name: 'firebreak' }],
    status: { state: 'active', silencedBy: [], inhibitedBy: [], mutedBy: [] },
  };
}
