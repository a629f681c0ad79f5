import type { Alert } from '#incidents/alert.ts';
import { prometheusAlert } from './alertmanager.ts';
import { objectOf, type ParseContext, type ParseRefusal, parseEach } from './parsed.ts';

/** `muted` alerts fire but are silenced or inhibited: no page, and no sign of recovery either. */
export type PolledAlerts =
  | { kind: 'alerts'; firing: readonly Alert[]; muted: readonly Alert[] }
  | { kind: 'refused'; reason: ParseRefusal };

/** Reads the body of Alertmanager's `GET /api/v2/alerts`. An empty list is good news. Does not throw. */
export function parseAlertmanagerApi(body: unknown, context: ParseContext): PolledAlerts {
  if (!Array.isArray(body)) return { kind: 'refused', reason: 'no_alerts' };
  if (body.length === 0) return { kind: 'alerts', firing: [], muted: [] };
  const muted: Alert[] = [];
  const firing: Alert[] = [];
  const parsed = parseEach(body, (item) => {
    const object = objectOf(item);
    const alert = object && prometheusAlert(object, 'firing', context);
    if (alert === undefined) return undefined;
    (isMuted(object?.status) ? muted : firing).push(alert);
    return alert;
  });
  return parsed.kind === 'refused' ? parsed : { kind: 'alerts', firing, muted };
}

/** Silenced or inhibited by whatever Alertmanager names. */
function isMuted(value: unknown): boolean {
  const status = objectOf(value);
  const isNamed = (by: unknown): boolean => Array.isArray(by) && by.length > 0;
  return status?.state === 'suppressed' || isNamed(status?.silencedBy) || isNamed(status?.inhibitedBy);
}
