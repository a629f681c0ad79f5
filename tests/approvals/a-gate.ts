import { ApprovalFold } from '#approvals/approval-fold.ts';
import type { GateDeps } from '#approvals/gate-deps.ts';
import type { Person } from '#approvals/people.ts';
import { createPermitSigner } from '#approvals/permit.ts';
import type { ServiceStep } from '#approvals/plan.ts';
import type { PolicyRule, StopFlags } from '#approvals/policy.ts';
import type { Role } from '#approvals/rights.ts';
import { StopFold } from '#approvals/stop-fold.ts';
import { openMemoryLog } from '#audit/memory-log.ts';
import { realRandom } from '#core/clock.ts';
import { sha256, taggedHash } from '#core/hash.ts';
import { IncidentId, PersonId, RunId, ServiceId, SessionKey } from '#core/ids.ts';
import { CallNumbers } from '#incidents/call-numbers.ts';
import type { AgentCaller } from '#incidents/caller.ts';
import { countStream, fact, incidentStream, SYSTEM } from '#incidents/entry.ts';
import { IncidentFold } from '#incidents/incident-fold.ts';
import type { Inventory, Service } from '#incidents/inventory.ts';
import type { Mode } from '#incidents/vocabulary.ts';
import { FakeClock } from '../fakes/fake-clock.ts';

export const INCIDENT = IncidentId.parse('INC-1');
const CHECKOUT = ServiceId.parse('checkout');
const SESSION = SessionKey.parse('agent:remediation:subagent:00000000-0000-4000-8000-000000000001');
const RUN = RunId.parse('run-1');

const clean: StopFlags = {
  off: false,
  frozen: false,
  unverified: false,
  clockJumped: false,
  unreadLog: false,
  tampered: false,
};

export function aPerson(
  id: string,
  roles: readonly Role[] = ['approver', 'responder'],
  teams: readonly string[] = [],
): Person {
  return { id: PersonId.parse(id), name: id, tokens: [], roles, teams };
}

/** A rollback of checkout v42 -> v41, as a dry run gave it. */
export function aStep(change: Partial<ServiceStep> = {}): ServiceStep {
  return {
    tool: 'service_rollback',
    toolVersion: 1,
    tier: 'R2',
    change: { tool: 'service_rollback', target: 'service:checkout', to: 'deploy:checkout@-1' },
    target: { ref: 'service:checkout', service: CHECKOUT, environment: 'prod', uid: 'u-1', generation: 7 },
    preview: {
      before: { version: 'v42', replicas: 2 },
      after: { version: 'v41', replicas: 2 },
      instances: 2,
    },
    undo: { tool: 'service_rollback', version: 'v42' },
    touches: [CHECKOUT],
    deadlineMs: 60_000,
    manual: 'POST /v1/services/checkout/deploy {"version":"v41"}',
    ...change,
  };
}

export type GateSetup = {
  mode?: Mode;
  rules?: readonly PolicyRule[];
  people?: readonly Person[];
  flags?: Partial<StopFlags>;
  changes?: number;
};

const ASK: PolicyRule = {
  tools: ['service_rollback', 'service_restart', 'service_scale'],
  environments: ['*'],
  services: ['*'],
  answer: 'ask',
};

/** A gate over a log in memory, with one incident whose cause and signal are known. */
export async function aGate(setup: GateSetup = {}) {
  const clock = new FakeClock();
  const incidents = new IncidentFold();
  const approvals = new ApprovalFold();
  const stops = new StopFold();
  const log = await openMemoryLog({ clock, random: realRandom, folds: [incidents, approvals, stops] });
  const flags: { now: StopFlags } = { now: { ...clean, ...setup.flags } };
  const people = new Map(
    (setup.people ?? [aPerson('alice'), aPerson('bob')]).map((person) => [person.id, person]),
  );
  const deps: GateDeps = {
    log,
    clock,
    random: realRandom,
    incidents,
    approvals,
    numbers: new CallNumbers(incidents),
    inventory: anInventory(setup.mode ?? 'act'),
    policy: { version: sha256('policy'), rules: setup.rules ?? [ASK], caps: 'all' },
    people,
    boot: 'boot-1',
    signer: createPermitSigner(realRandom),
    flags: () => flags.now,
    cardDigest: (_plan, hash) => taggedHash('test/card', hash),
    limits: { changes: setup.changes ?? 5 },
    timing: { approvalMs: 15 * 60_000, verify: { samples: 3, everyMs: 1000, windowMs: 30_000 } },
  };
  await anIncident(deps);
  return { deps, clock, log, incidents, approvals, people, flags, stops };
}

export function aCaller(clock: FakeClock): AgentCaller {
  const budget = { modelCalls: 10, toolCalls: 10, deadline: clock.now() + 300_000 };
  const allowlist = ['service_rollback', 'service_restart', 'service_scale'];
  return {
    kind: 'agent',
    role: 'remediation',
    incident: INCIDENT,
    session: SESSION,
    run: RUN,
    allowlist,
    budget,
    signal: new AbortController().signal,
  };
}

function anInventory(mode: Mode): Inventory {
  const service: Service = {
    id: CHECKOUT,
    environment: 'prod',
    owner: 'team-shop',
    mode,
    dependsOn: [],
    maxReplicas: 4,
    signals: {},
  };
  return { version: sha256('inventory'), services: new Map([[CHECKOUT, service]]) };
}

/** Opened, looked at and diagnosed: a bad deploy of checkout. */
async function anIncident({ log, clock }: GateDeps): Promise<void> {
  const alert = {
    source: 'test',
    status: 'firing',
    fingerprint: sha256('a'),
    name: 'HighErrorRate',
    severity: 'critical',
    service: 'checkout',
    environment: 'prod',
    startsAt: clock.now(),
  } as const;
  const body = {
    alert,
    group: 'prod',
    service: CHECKOUT,
    environment: 'prod',
    owner: 'team-shop',
    severity: 'critical',
    mode: 'act',
    reason: 'new_fault',
  } as const;
  const context = { actor: SYSTEM, traceId: 't', incident: INCIDENT };
  const ended = { session: SESSION, run: RUN, outcome: 'reported', reason: null, droppedClaims: 0 } as const;
  const signal = { service: CHECKOUT, name: 'error_ratio', low: '0', high: '0.02' } as const;
  const hypothesis = {
    cause: 'bad_deploy',
    service: CHECKOUT,
    confidence: 86,
    for: [],
    against: [],
  } as const;
  await log.append([
    fact('incident.opened', body, {
      ...context,
      streams: [countStream('incident'), incidentStream(INCIDENT)],
    }),
    fact(
      'run.settled',
      {
        ...ended,
        role: 'monitor',
        report: { role: 'monitor', verdict: 'impaired', signal, since: clock.now(), findings: [] },
      },
      context,
    ),
    fact(
      'run.settled',
      {
        ...ended,
        role: 'diagnosis',
        report: {
          role: 'diagnosis',
          outcome: 'likely',
          hypotheses: [{ ...hypothesis, for: [], against: [] }],
          ruledOut: [],
          gaps: [],
          pressure: null,
          deploy: 'deploy:checkout@-1',
          replicas: 2,
          maxReplicas: 4,
        },
      },
      context,
    ),
  ]);
}
