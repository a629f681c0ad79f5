import { clip } from '#core/inert.ts';
import type { CheckSeverity } from '#doctor/check.ts';
import type { Finding } from '#doctor/examine.ts';
import { type Alert, fingerprintOf } from '#incidents/alert.ts';
import type { AuthFailures } from '#incidents/auth-failure-fold.ts';
import type { IncidentFold } from '#incidents/incident-fold.ts';
import { GUARD_SOURCE } from '#incidents/own-finding.ts';
import type { Forged, PostureFold } from '#incidents/posture-fold.ts';
import type { Severity } from '#incidents/vocabulary.ts';

/** People hear of one thing at most once in this time, whatever it does meanwhile. */
export const NOTICE_MS = 30 * 60_000;
/** So many failures of one peer within five minutes are no mistake of a person. */
const MANY = 10;
const FORGED = 'forged';

/** Something that people must know. `key` is the same for the same thing. */
export type Alarm = {
  readonly key: string;
  readonly severity: Severity;
  readonly seen: string;
  readonly fix: string;
};

export type AlarmsInput = {
  readonly findings: readonly Finding[];
  readonly posture: Pick<PostureFold, 'failing' | 'forged' | 'noticedAt'>;
  readonly attempts: readonly AuthFailures[];
  readonly now: number;
};

const SEVERITY: Readonly<Record<CheckSeverity, Severity>> = {
  critical: 'critical',
  high: 'error',
  medium: 'warning',
  low: 'info',
};

/**
 * What is new and bad. Pure. A check counts when it fails and did not when that was written down last; what failed at
 * the first look is where one began, but for a log that does not verify. Many failed logins of one peer, and a decision or
 * a permit that the gate never gave out, count by themselves.
 */
export function alarmsOf({ findings, posture, attempts }: AlarmsInput): readonly Alarm[] {
  return [
    ...findings.flatMap((one) => (isNew(one, posture.failing) ? [ofFinding(one)] : [])),
    ...attempts.filter(({ times }) => times >= MANY).map(ofAttempts),
    ...posture
      .forged()
      .filter(({ at }) => at > (posture.noticedAt(fingerprintOfAlarm(FORGED)) ?? 0))
      .slice(-1)
      .map(ofForged),
  ];
}

function isNew({ id, status }: Finding, failing: readonly string[] | null): boolean {
  if (status !== 'fail') return false;
  return failing === null ? id === 'log-verify' : !failing.includes(id);
}

function ofFinding({ id, severity, seen, fix }: Finding): Alarm {
  return { key: id, severity: SEVERITY[severity], seen, fix: fix ?? '' };
}

function ofForged({ what, seq }: Forged): Alarm {
  return {
    key: FORGED,
    severity: 'critical',
    seen: `${what} (entry ${seq})`,
    fix: 'nothing was done; find out who has that account or process, and end their token',
  };
}

function ofAttempts({ peer, kind, times }: AuthFailures): Alarm {
  return {
    key: `attempts-${kind}-${peer}`,
    severity: 'error',
    seen: `${times} failed ${kind === 'token' ? 'logins' : 'deliveries'} from ${peer} in five minutes`,
    fix: 'find out what that is; shut it out in front of Firebreak, and renew what it may have tried',
  };
}

/** Whether people were told of it within the time for one notice. */
export function wasNoticed(alarm: Pick<Alarm, 'key'>, { posture, now }: AlarmsInput): boolean {
  const at = posture.noticedAt(fingerprintOfAlarm(alarm.key));
  return at !== undefined && now - at < NOTICE_MS;
}

const fingerprintOfAlarm = (key: string) => fingerprintOf(GUARD_SOURCE, new Map([['check', key]]));

/** The alarm as a page of our own; it names no service, so nothing can ever be proposed for one. */
export function alertOf(alarm: Alarm, status: Alert['status'], now: number): Alert {
  return {
    ...{ source: GUARD_SOURCE, status, fingerprint: fingerprintOfAlarm(alarm.key) },
    name: clip(`${alarm.key}: ${alarm.seen}`, 120),
    severity: alarm.severity,
    ...{ service: null, environment: null, startsAt: now },
    summary: clip(`${alarm.seen}. To do: ${alarm.fix}`, 500),
  };
}

/** Checks that are right again while an incident still says that they fail. What was not looked at is not right. */
export function overOf(
  findings: readonly Finding[],
  incidents: Pick<IncidentFold, 'current'>,
): readonly Alarm[] {
  const firing = new Set(
    incidents
      .current()
      .filter(({ resolved }) => resolved === null)
      .flatMap(({ alerts }) =>
        alerts.filter(({ cleared }) => !cleared).map(({ fingerprint }) => fingerprint),
      ),
  );
  return findings
    .filter(({ status }) => status === 'ok' || status === 'warn')
    .map(ofFinding)
    .filter(({ key }) => firing.has(fingerprintOfAlarm(key)));
}
