import type { BodyOf } from './entry.ts';
import { causeOf, type Incident, type Look } from './incident.ts';
import { LastPast } from './observations-history.ts';
import { serviceOf } from './refs.ts';

/** Notes which service a monitor or a diagnosis was sent to. */
export function beginLook({ looks }: Incident, { session, brief }: BodyOf<'session.spawned'>): void {
  if (brief === null || brief.role === 'remediation') return;
  looks.push({ session, service: serviceOf(brief.service), report: null });
}

/**
 * Notes what came back. `monitor` is only what was seen of the service of the page, so that whoever decides where to look
 * cannot change the signal that must come back; where the page names no service that is known, any look counts.
 */
export function endLook(incident: Incident, { session, report }: BodyOf<'run.settled'>): void {
  if (report === null || report.role === 'remediation') return;
  const { looks } = incident;
  const known = looks.find((look) => look.session === session);
  const named = report.role === 'monitor' ? report.signal?.service : undefined;
  const service = known?.service ?? named ?? null;
  if (known === undefined) looks.push({ session, service, report });
  else known.report = report;
  if (report.role === 'monitor') {
    if (incident.service === null || service === incident.service) incident.monitor = report;
    return;
  }
  const isNamed = report.outcome === 'likely' || report.outcome === 'confirmed';
  // A look elsewhere that found nothing does not take back a cause that was found.
  if (isNamed || service === incident.service || causeOf(incident) === null) incident.diagnosis = report;
  if (isNamed && incident.state === 'investigating') incident.state = 'identified';
}

/** Notes the newest earlier incident that a look into the log told of. */
export function lookBack(incident: Incident, { tool, facts }: BodyOf<'tool.finished'>): void {
  if (tool !== 'incident_history') return;
  incident.before = LastPast.safeParse(facts).data ?? incident.before;
}

/**
 * Whether every service that a page of this incident names was seen inside its band, and none of them ever outside: who
 * decides where to look could otherwise show a healthy neighbour for the one that burns.
 */
export function isSeenHealthy({
  service,
  alerts,
  looks,
}: Pick<Incident, 'service' | 'alerts' | 'looks'>): boolean {
  const firing = alerts.flatMap((alert) => (alert.cleared || alert.service === null ? [] : alert.service));
  if (service === null) return isWell(looks);
  return [...new Set([service, ...firing])].every((paged) =>
    isWell(looks.filter((look) => look.service === paged)),
  );
}

function isWell(looks: readonly Look[]): boolean {
  const reports = looks.flatMap(({ report }) => report ?? []);
  const monitors = reports.filter((report) => report.role === 'monitor');
  const monitor = monitors.at(-1);
  if (monitor === undefined || monitor.signal === null) return false;
  if (monitors.some(({ verdict }) => verdict === 'impaired')) return false;
  if (monitor.verdict === 'healthy') return true;
  const { service, name } = monitor.signal;
  const seen = monitor.findings.find((finding) => finding.service === service && finding.signal === name);
  const diagnosis = reports.findLast((report) => report.role === 'diagnosis');
  return diagnosis?.outcome === 'healthy' && seen?.state === 'normal';
}
