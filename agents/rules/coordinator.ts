import type { JsonValue } from '#core/canonical.ts';
import { hasNoSignals, type Inventory } from '#incidents/inventory.ts';
import { actionCallOf } from '#incidents/operator-action.ts';
import { type ServiceRef, serviceOf, serviceRef } from '#incidents/refs.ts';
import type { DiagnosisReport, MonitorReport, Wake } from '#incidents/reports.ts';
import type { RequestedAction } from '#incidents/requested-action.ts';
import type { EscalationReason } from '#incidents/vocabulary.ts';
import { type History, historyOf } from './coordinator-history.ts';
import type { RulesRole, Turn } from './turn.ts';

type Calls = Turn['calls'];
type Settled = Extract<Wake, { kind: 'child_settled' }>;
type Opened = Extract<Wake, { kind: 'opened' }>;

/** So many times a sub-agent that a restart cut off is started again. */
const MOST_RETRIES = 2;
const NOTHING: Calls = [];

/**
 * Answers what woke it, then yields: opened -> monitor -> diagnosis -> remediation -> people, and to people at once where
 * that chain breaks. A cleared alert or a withdrawn approval ends it; code decides the rest. What a person wishes starts
 * the chain for the service that they name, or puts the change that they ask for before people.
 */
export const coordinatorTurn: RulesRole = ({ items }, inventory) => {
  const history = historyOf(items);
  const calls = history.refused
    ? escalate('agent_failed', [])
    : history.unanswered.flatMap((wake) => answer(wake, history, inventory));
  return { text: calls.length === 0 ? 'Waiting.' : 'Next step.', calls };
};

function answer(wake: Wake, history: History, inventory: Inventory): Calls {
  if (history.isOver) return NOTHING;
  switch (wake.kind) {
    case 'opened':
      return open(wake, inventory);
    case 'child_settled':
      return afterChild(wake, history);
    case 'action_settled':
      return afterAction(wake.outcome);
    case 'steered':
      return look(wake.service, history, inventory);
    case 'requested':
      return ask(wake.action, history, inventory);
    // Whoever asked is answered by code, from the card.
    case 'asked':
    case 'alert_cleared':
    case 'escalated':
      return NOTHING;
  }
}

function look(service: ServiceRef, { opened }: History, inventory: Inventory): Calls {
  if (opened === null) return escalate('agent_failed', ['the page that it began with']);
  const { severity, startedAt } = opened;
  return begin({ service, severity, about: null, startedAt }, inventory);
}

/** Claims no cause: that a person asked is all that speaks for it. How many instances run is known from a diagnosis. */
function ask(action: RequestedAction, history: History, inventory: Inventory): Calls {
  const { diagnosis } = history;
  const service = serviceAsked(action, history, inventory);
  if (service === null) return escalate('unknown_service', []);
  const isAbout = diagnosis?.hypotheses[0]?.service === serviceOf(service);
  return spawn('remediation', {
    role: 'remediation',
    cause: 'unknown',
    service,
    confidence: 0,
    pressure: null,
    deploy: null,
    replicas: isAbout ? diagnosis.replicas : null,
    maxReplicas: isAbout ? diagnosis.maxReplicas : null,
    evidence: [],
    requested: [action],
  });
}

/** The service for whose sake a change is asked for; null where none is known. */
function serviceAsked(
  { tool, target }: RequestedAction,
  { opened, diagnosis }: History,
  { actions }: Inventory,
): ServiceRef | null {
  switch (tool) {
    case 'service_restart':
    case 'service_rollback':
    case 'service_scale':
      return target;
    case 'operator_action': {
      const call = actionCallOf(actions, target);
      return call === undefined ? null : serviceRef(call.action.service);
    }
    case 'node_cordon': {
      const named = diagnosis?.hypotheses.find(({ object }) => object === target);
      return named === undefined ? (opened?.service ?? null) : serviceRef(named.service);
    }
    case 'alert_silence':
      return opened?.service ?? null;
  }
}

function open({ service, severity, about, startedAt }: Opened, inventory: Inventory): Calls {
  if (service === null) return escalate('unknown_service', []);
  return begin({ service, severity, about, startedAt }, inventory);
}

type Beginning = Pick<Opened, 'severity' | 'about' | 'startedAt'> & { service: ServiceRef };

/** Where no signals can be read there is nothing for a monitor: what else is known is looked at at once. */
function begin({ service, severity, about, startedAt }: Beginning, inventory: Inventory): Calls {
  if (hasNoSignals(inventory.services.get(serviceOf(service))))
    return spawn('diagnosis', { role: 'diagnosis', service, severity, since: startedAt, findings: [] });
  return spawn('monitor', { role: 'monitor', service, severity, about, startedAt });
}

function afterChild(wake: Settled, history: History): Calls {
  const { role, outcome, report } = wake;
  if (outcome === 'cancelled') return NOTHING;
  if (outcome === 'interrupted') return again(role, history);
  if (outcome !== 'reported' || report?.role !== role) return escalate('agent_failed', [role]);
  switch (report.role) {
    case 'monitor':
      return afterMonitor(report, wake, history);
    case 'diagnosis':
      return afterDiagnosis(report, wake, history);
    case 'remediation':
      return report.outcome === 'proposed' ? NOTHING : escalate('no_safe_action', []);
  }
}

function again(role: Settled['role'], { lastSpawn, interruptions }: History): Calls {
  const brief = lastSpawn(role);
  return brief === null || interruptions(role) > MOST_RETRIES
    ? escalate('agent_failed', [role])
    : spawn(role, brief);
}

function afterMonitor(report: MonitorReport, wake: Settled, { opened, sentTo }: History): Calls {
  const service = sentTo(wake);
  switch (report.verdict) {
    case 'healthy':
      // A neighbour that is well says nothing of the service that burns.
      return service === (opened?.service ?? null) ? resolve() : NOTHING;
    case 'unclear':
      return escalate('inconclusive', unseenBy(report));
    case 'impaired': {
      if (opened === null || service === null) return escalate('unknown_service', []);
      const { severity, startedAt } = opened;
      const { findings } = report;
      return spawn('diagnosis', {
        role: 'diagnosis',
        service,
        severity,
        since: report.since ?? startedAt,
        findings,
      });
    }
  }
}

function afterDiagnosis(report: DiagnosisReport, wake: Settled, { monitor, opened, sentTo }: History): Calls {
  switch (report.outcome) {
    case 'healthy':
      if (sentTo(wake) !== (opened?.service ?? null)) return NOTHING;
      return isInBand(monitor)
        ? resolve()
        : escalate('inconclusive', ['the normal band of the alerting signal']);
    case 'inconclusive':
      return escalate('inconclusive', unseenDuring(report));
    case 'likely':
    case 'confirmed':
      // Without a signal and its band nobody could tell whether a change helped.
      return monitor?.signal == null
        ? escalate('no_safe_action', ['the normal band of the alerting signal'])
        : remedy(report);
  }
}

function remedy({ hypotheses, pressure, deploy, replicas, maxReplicas }: DiagnosisReport): Calls {
  const [best] = hypotheses;
  if (best === undefined) return escalate('inconclusive', []);
  const { cause, confidence } = best;
  return spawn('remediation', {
    role: 'remediation',
    cause,
    service: `service:${best.service}`,
    confidence,
    pressure,
    deploy,
    replicas,
    maxReplicas,
    evidence: best.for,
    requested: [],
  });
}

function afterAction(outcome: Extract<Wake, { kind: 'action_settled' }>['outcome']): Calls {
  switch (outcome) {
    case 'recovered':
    case 'withdrawn':
      return NOTHING;
    case 'undone':
    case 'not_recovered':
      return escalate('not_recovered', []);
    case 'failed':
    case 'unknown':
    case 'invalidated':
      return escalate('action_failed', []);
    case 'rejected':
      return escalate('denied', []);
    case 'expired':
      return escalate('expired', []);
    case 'recorded':
      return escalate('no_safe_action', []);
  }
}

function isInBand(monitor: MonitorReport | null): boolean {
  const signal = monitor?.signal;
  if (monitor === null || signal == null) return false;
  const seen = monitor.findings.find((one) => one.service === signal.service && one.signal === signal.name);
  return seen?.state === 'normal';
}

const unseenBy = ({ findings }: MonitorReport): string[] =>
  findings.filter(({ state }) => state === 'unseen').map(({ service, signal }) => `${signal} of ${service}`);

function unseenDuring({ gaps }: DiagnosisReport): string[] {
  const seen = gaps.map(({ service, tool, reason }) => `${tool} ${service} ${reason}`);
  return seen.length > 0 ? seen : ['a known cause that fits'];
}

function spawn(role: Settled['role'], brief: JsonValue): Calls {
  return [{ tool: 'sessions_spawn', args: { role, brief } }];
}

function resolve(): Calls {
  return [{ tool: 'incident_resolve', args: { resolution: 'nothing_wrong' } }];
}

/** `missing` are short words; the tool takes at most 12. */
function escalate(reason: EscalationReason, missing: readonly string[]): Calls {
  const words = [...new Set(missing.map((word) => word.slice(0, 60)))].slice(0, 12);
  return [{ tool: 'incident_escalate', args: { reason, missing: words } }];
}
