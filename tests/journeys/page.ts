import type { FirebreakHome } from '#demo/firebreak-config.ts';
import type { FirebreakProcess } from '#demo/firebreak-process.ts';

/** Sends one page as Alertmanager does; gives the HTTP status. Throws when the server cannot be reached. */
export async function page(
  { server, home }: { server: FirebreakProcess; home: FirebreakHome },
  labels: { alertname: string; service: string },
): Promise<number> {
  const now = new Date().toISOString();
  const alert = {
    status: 'firing',
    labels: { ...labels, severity: 'critical' },
    annotations: { summary: 'a page of a test' },
    startsAt: now,
    endsAt: '0001-01-01T00:00:00Z',
    generatorURL: '',
    fingerprint: 'a1b2c3d4e5f60718',
  };
  const body = {
    version: '4',
    groupKey: '{}',
    truncatedAlerts: 0,
    status: 'firing',
    receiver: 'firebreak',
    groupLabels: {},
    commonLabels: {},
    commonAnnotations: {},
    externalURL: '',
    alerts: [alert],
  };
  const answer = await fetch(`${server.url}/v1/alerts/alertmanager`, {
    method: 'POST',
    headers: { authorization: `Bearer ${home.alertToken}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return answer.status;
}
