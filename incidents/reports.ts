import { z } from 'zod';
import { CallId, PersonId, RunId, ServiceId } from '#core/ids.ts';
import { ClusterRef } from './cluster-causes.ts';
import { DeployRef, ServiceRef } from './refs.ts';
import { RequestedAction } from './requested-action.ts';
import {
  Cause,
  Decimal,
  DiagnosisOutcome,
  EscalationReason,
  ServiceCause,
  Severity,
  SignalName,
} from './vocabulary.ts';

/**
 * What crosses a role boundary: briefs go in, reports come out. Only enums, references, bounded integers, decimals and
 * evidence ids, so that text from telemetry can steer which of these is chosen and nothing else.
 */

const Evidence = z.array(CallId).max(8);
const Percent = z.int().min(0).max(100);
const Millis = z.int().min(0);

/** One observation about one signal of one service. */
export const Finding = z.strictObject({
  service: ServiceId,
  signal: SignalName,
  state: z.enum(['high', 'low', 'normal', 'unseen']),
  now: Decimal.nullable(),
  normal: Decimal.nullable(),
  since: Millis.nullable(),
  evidence: Evidence,
});
export type Finding = z.infer<typeof Finding>;

export const MonitorBrief = z.strictObject({
  role: z.literal('monitor'),
  service: ServiceRef,
  severity: Severity,
  /** What the alert's name says it is about, by the alert-kind table; a hint for the read plan. */
  about: SignalName.nullable(),
  startedAt: Millis,
});
export type MonitorBrief = z.infer<typeof MonitorBrief>;

export const MonitorReport = z.strictObject({
  role: z.literal('monitor'),
  verdict: z.enum(['impaired', 'healthy', 'unclear']),
  /** The signal that the page is about and that must come back into its band. */
  signal: z
    .strictObject({
      service: ServiceId,
      name: SignalName,
      /** The band it was in before the incident. */
      low: Decimal,
      high: Decimal,
    })
    .nullable(),
  since: Millis.nullable(),
  findings: z.array(Finding).max(24),
});
export type MonitorReport = z.infer<typeof MonitorReport>;

export const DiagnosisBrief = z.strictObject({
  role: z.literal('diagnosis'),
  service: ServiceRef,
  severity: Severity,
  since: Millis,
  findings: z.array(Finding).max(24),
});
export type DiagnosisBrief = z.infer<typeof DiagnosisBrief>;

export const Hypothesis = z.strictObject({
  cause: Cause,
  service: ServiceId,
  /** What in the cluster of that service or system it is at; left out where it is at the service itself. */
  object: ClusterRef.nullable().exactOptional(),
  confidence: Percent,
  for: Evidence,
  against: Evidence,
});
export type Hypothesis = z.infer<typeof Hypothesis>;

export const DiagnosisReport = z.strictObject({
  role: z.literal('diagnosis'),
  outcome: DiagnosisOutcome,
  /** Best first. Empty when healthy. */
  hypotheses: z.array(Hypothesis).max(8),
  ruledOut: z
    .array(
      z.strictObject({
        cause: Cause,
        service: ServiceId,
        object: ClusterRef.exactOptional(),
        evidence: Evidence,
      }),
    )
    .max(24),
  /** What could not be seen, and so weakens the answer. */
  gaps: z
    .array(
      z.strictObject({
        service: ServiceId,
        tool: z.string().regex(/^[a-z][a-z0-9_]{0,63}$/),
        reason: z.string().regex(/^[a-z_]{1,40}$/),
      }),
    )
    .max(12),
  /** How far demand exceeds what the culprit's instances can carry, in percent (100 = just full); null = not about demand. */
  pressure: z.int().min(0).max(1000).nullable(),
  /** The deployment to go back to, where one is suspected. */
  deploy: DeployRef.nullable(),
  /** Instances that the culprit has now and may have at most, where they were seen. */
  replicas: z.int().min(0).max(1000).nullable(),
  maxReplicas: z.int().min(1).max(1000).nullable(),
  /** Written by code where it would have named a cause that this report does not name; an agent cannot say it. */
  rulesFirst: z
    .strictObject({
      outcome: z.enum(['confirmed', 'likely']),
      cause: Cause,
      service: ServiceId,
      object: ClusterRef.nullable().exactOptional(),
      confidence: Percent,
    })
    .exactOptional(),
});
export type DiagnosisReport = z.infer<typeof DiagnosisReport>;

/** Causes that a model may name where nothing runs in a cluster and no database server is looked at. */
const ToldCause = z.enum([...ServiceCause.options, 'unknown']);
const told = <H extends z.ZodType<Hypothesis>>(hypothesis: H) =>
  DiagnosisReport.omit({ rulesFirst: true }).extend({
    hypotheses: z.array(hypothesis).max(8),
    ruledOut: z.array(z.strictObject({ cause: ToldCause, service: ServiceId, evidence: Evidence })).max(24),
  });

/** What a model fills in: nothing is optional, and what only code can say is left out. */
export const ToldDiagnosis = told(Hypothesis.omit({ object: true }).extend({ cause: ToldCause }));
export const ToldClusterDiagnosis = told(Hypothesis.extend({ object: ClusterRef.nullable() }));

export const RemediationBrief = z.strictObject({
  role: z.literal('remediation'),
  cause: Cause,
  service: ServiceRef,
  confidence: Percent,
  pressure: z.int().min(0).max(1000).nullable(),
  deploy: DeployRef.nullable(),
  /** Instances that the service has now. */
  replicas: z.int().min(0).max(1000).nullable(),
  maxReplicas: z.int().min(1).max(1000).nullable(),
  evidence: Evidence,
  requested: z.array(RequestedAction).max(4),
});
export type RemediationBrief = z.infer<typeof RemediationBrief>;

export const RemediationReport = z.strictObject({
  role: z.literal('remediation'),
  /** `proposed` is minted by code when an act call was taken up, or people have just that before them already; an agent that found nothing says `no_safe_action`. */
  outcome: z.enum(['proposed', 'no_safe_action']),
});
export type RemediationReport = z.infer<typeof RemediationReport>;

export const Brief = z.union([MonitorBrief, DiagnosisBrief, RemediationBrief]);
export type Brief = z.infer<typeof Brief>;
export const Report = z.union([MonitorReport, DiagnosisReport, RemediationReport]);
export type Report = z.infer<typeof Report>;

/** Why the coordinator is woken; the typed message it finds in its session. */
export const Wake = z.union([
  z.strictObject({
    kind: z.literal('opened'),
    service: ServiceRef.nullable(),
    /** The reference is to a whole system. */
    system: z.literal(true).exactOptional(),
    severity: Severity,
    about: SignalName.nullable(),
    startedAt: Millis,
  }),
  /** `child` is the run that settled: the coordinator is told of each exactly once. */
  z.strictObject({
    kind: z.literal('child_settled'),
    child: RunId.exactOptional(),
    role: z.enum(['monitor', 'diagnosis', 'remediation']),
    outcome: z.string().regex(/^[a-z_]{1,40}$/),
    report: Report.nullable(),
  }),
  z.strictObject({
    kind: z.literal('action_settled'),
    outcome: z.enum([
      'recovered',
      'undone',
      'not_recovered',
      'failed',
      'unknown',
      'rejected',
      'expired',
      'withdrawn',
      'invalidated',
      'recorded',
    ]),
  }),
  z.strictObject({ kind: z.literal('alert_cleared') }),
  z.strictObject({ kind: z.literal('escalated'), reason: EscalationReason }),
  /** A person wants this service looked at. */
  z.strictObject({ kind: z.literal('steered'), service: ServiceRef }),
  /** A person asks something; their words come beside it and are no part of this. `message` names where they wrote it. */
  z.strictObject({ kind: z.literal('asked'), by: PersonId, message: z.string().max(120) }),
  /** A person asks for this change; people decide about it like about any other. */
  z.strictObject({ kind: z.literal('requested'), action: RequestedAction }),
]);
export type Wake = z.infer<typeof Wake>;

/** What a person wishes of the agents. */
export const Wish = z.union([
  z.strictObject({ kind: z.literal('steered'), service: ServiceRef }),
  z.strictObject({ kind: z.literal('requested'), action: RequestedAction }),
]);
export type Wish = z.infer<typeof Wish>;
