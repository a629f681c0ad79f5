import { planHash } from '#approvals/plan.ts';
import type { Entry, EntryDraft } from '#audit/log.ts';
import { canonical } from '#core/canonical.ts';
import { CallId, Digest, IncidentId, PersonId, RunId, ServiceId, SessionKey } from '#core/ids.ts';
import { type BodyOf, type EntryKind, fact, SYSTEM } from '#incidents/entry.ts';
import { Report } from '#incidents/reports.ts';
import { approvalCard, cardDigest } from '#views/approval-card.ts';
import { aPlan, T0 } from './a-plan.ts';

const incident = IncidentId.parse('INC-1');
const session = SessionKey.parse('agent:monitor:subagent:1');
const run = RunId.parse('run-1');
const checkout = ServiceId.parse('checkout');
const digest = Digest.parse('ab'.repeat(32));
const alice = PersonId.parse('alice');

const alert: BodyOf<'incident.opened'>['alert'] = {
  source: 'alertmanager',
  status: 'firing',
  fingerprint: digest,
  name: 'HighErrorRate',
  severity: 'critical',
  service: 'checkout',
  environment: 'demo',
  startsAt: T0 + 2_000,
};

type Told = { at: number; draft: EntryDraft };

function say<K extends EntryKind>(seconds: number, kind: K, body: BodyOf<K>): Told {
  return { at: T0 + seconds * 1000, draft: fact(kind, body, { actor: SYSTEM, traceId: 'run-1', incident }) };
}

function call(
  seconds: number,
  id: string,
  {
    tool,
    args,
    facts,
    outcome = 'ok',
    caller = 'agent:monitor',
  }: {
    tool: string;
    args: Record<string, string | number>;
    facts: Record<string, string | number | null> | null;
    outcome?: 'ok' | 'gap';
    caller?: string;
  },
): Told[] {
  const intent = {
    call: CallId.parse(id),
    tool,
    version: 1,
    tier: 'R0',
    phase: 'run',
    args,
    argsHash: digest,
    caller,
    session,
    approval: null,
    step: null,
  } as const;
  const done = {
    call: CallId.parse(id),
    tool,
    outcome,
    reason: outcome === 'gap' ? 'timeout' : null,
    exitCode: null,
    durationMs: 12,
    facts,
  } as const;
  return [say(seconds, 'tool.intended', intent), say(seconds, 'tool.finished', done)];
}

function settled(seconds: number, report: unknown): Told {
  const parsed = Report.parse(report);
  return say(seconds, 'run.settled', {
    session,
    run,
    role: parsed.role,
    outcome: 'reported',
    reason: null,
    report: parsed,
    droppedClaims: 0,
  });
}

const monitorReport = {
  role: 'monitor',
  verdict: 'impaired',
  since: T0 + 2_000,
  signal: { service: 'checkout', name: 'error_ratio', low: '0', high: '0.02' },
  findings: [
    {
      service: 'checkout',
      signal: 'error_ratio',
      state: 'high',
      now: '0.31',
      normal: '0.002',
      since: T0 + 2_000,
      evidence: ['e3'],
    },
    {
      service: 'inventory',
      signal: 'latency_p95',
      state: 'unseen',
      now: null,
      normal: null,
      since: null,
      evidence: [],
    },
  ],
};
const diagnosisReport = {
  role: 'diagnosis',
  outcome: 'likely',
  pressure: null,
  replicas: 2,
  maxReplicas: 4,
  deploy: 'deploy:checkout@-1',
  hypotheses: [
    { cause: 'bad_deploy', service: 'checkout', confidence: 86, for: ['e3', 'e7', 'e8'], against: [] },
  ],
  ruledOut: [{ cause: 'overload', service: 'checkout', evidence: ['e6'] }],
  gaps: [{ service: 'checkout', tool: 'runbook_search', reason: 'timeout' }],
};

function change(seconds: number): Told[] {
  const plan = aPlan();
  const hash = planHash(plan);
  const { approval } = plan;
  const id = CallId.parse('e9');
  const args = { tool: 'service_rollback', target: 'service:checkout', to: 'deploy:checkout@-1' };
  const intent = {
    call: id,
    tool: 'service_rollback',
    version: 1,
    tier: 'R2',
    phase: 'run',
    args,
    argsHash: digest,
    caller: 'system:firebreak',
    session: null,
    approval,
    step: 0,
  } as const;
  const sample = (at: number, e: string, value: string | null, inBand: boolean) =>
    say(at, 'action.sampled', { approval, call: CallId.parse(e), value, inBand });
  return [
    say(seconds, 'approval.requested', {
      approval,
      hash,
      cardDigest: cardDigest(approvalCard(plan, hash)),
      mode: 'act',
      plan,
    }),
    say(seconds + 5, 'approval.approved', {
      approval,
      hash,
      cardDigest: digest,
      by: alice,
      roles: ['approver'],
      via: 'cli',
      complete: true,
    }),
    say(seconds + 5, 'approval.claimed', { approval, step: 0, boot: 'b' }),
    say(seconds + 5, 'tool.intended', intent),
    say(seconds + 8, 'tool.finished', {
      call: id,
      tool: 'service_rollback',
      outcome: 'ok',
      reason: null,
      exitCode: null,
      durationMs: 2900,
      facts: { generation: 8, tookMs: 2900 },
    }),
    sample(seconds + 9, 'e10', '0.1', false),
    sample(seconds + 10, 'e11', '0.003', true),
    say(seconds + 11, 'action.verified', { approval, samples: 6 }),
    say(seconds + 12, 'incident.resolved', { resolution: 'recovered', by: 'system:firebreak' }),
  ];
}

/** One incident from page to recovery; `until` cuts it off in front of the first entry of that kind. */
export function story(until?: EntryKind): Told[] {
  const told = [
    say(20, 'incident.opened', {
      alert,
      group: 'checkout',
      service: checkout,
      environment: 'demo',
      owner: 'team-shop',
      severity: 'critical',
      mode: 'act',
      reason: 'new_fault',
    }),
    say(20, 'session.spawned', {
      session,
      role: 'monitor',
      parent: null,
      allowlist: ['metrics_query', 'http_probe', 'workload_status'],
      limits: { wallMs: 300_000, modelCalls: 20, toolCalls: 25 },
      brief: null,
      prompt: digest,
    }),
    ...call(20, 'e3', {
      tool: 'metrics_query',
      args: { service: 'service:checkout', signal: 'error_ratio' },
      facts: { state: 'high', now: '0.31', low: '0', high: '0.009' },
    }),
    ...call(20, 'e4', {
      tool: 'http_probe',
      args: { service: 'service:checkout' },
      facts: { status: 503, ms: 12 },
    }),
    settled(20, monitorReport),
    ...call(21, 'e5', {
      tool: 'runbook_search',
      caller: 'agent:diagnosis',
      args: { service: 'service:checkout' },
      facts: null,
      outcome: 'gap',
    }),
    ...call(21, 'e7', {
      tool: 'deployments_list',
      caller: 'agent:diagnosis',
      args: { service: 'service:checkout' },
      facts: { listed: 3, newest: T0 },
    }),
    ...call(21, 'e8', {
      tool: 'logs_search',
      caller: 'agent:diagnosis',
      args: { service: 'service:checkout', level: 'error' },
      facts: { total: 214, fresh: 1 },
    }),
    say(21, 'tool.refused', {
      call: null,
      tool: 'rm -rf\u001b[2J',
      reason: 'unknown_tool',
      caller: 'agent:diagnosis',
      session,
    }),
    settled(21, diagnosisReport),
    ...change(21),
  ];
  const end = until === undefined ? -1 : told.findIndex(({ draft }) => draft.kind === until);
  return end < 0 ? told : told.slice(0, end);
}

/** The same as durable entries. */
export function storyEntries(until?: EntryKind): Entry[] {
  return story(until).map(({ at, draft }, seq) => {
    canonical(draft.body);
    const { streams, traceId, actor, kind, body } = draft;
    return { v: 1, seq, ts: at, streams, traceId, actor, kind, body, payloads: [], incidentId: incident };
  });
}
