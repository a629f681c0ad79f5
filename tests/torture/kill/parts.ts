import type { GateDeps } from '#approvals/gate-deps.ts';
import type { Person } from '#approvals/people.ts';
import { createPermitSigner } from '#approvals/permit.ts';
import { propose } from '#approvals/propose.ts';
import type { EntryDraft, Log } from '#audit/log.ts';
import { type Clock, realRandom } from '#core/clock.ts';
import { sha256, taggedHash } from '#core/hash.ts';
import { IncidentId, PersonId, RunId, SessionKey } from '#core/ids.ts';
import { CallNumbers } from '#incidents/call-numbers.ts';
import { countStream, fact, incidentStream, SYSTEM } from '#incidents/entry.ts';
import { inProcessExecutor } from '#server/executor/in-process.ts';
import type { Folds } from '#server/folds.ts';
import { createNoteTools } from '#tools/act/notes.ts';
import type { CarryOutDeps } from '#tools/carry-out.ts';
import type { World } from '#tools/drivers/ports.ts';
import { createInvoke } from '#tools/invoke.ts';
import { metricsQuery } from '#tools/read/metrics-query.ts';
import { workloadStatus } from '#tools/read/workload-status.ts';
import type { AnyTool } from '#tools/tool.ts';
import { CHECKOUT, type EffectClass, inventory, type Story, toolsOf } from './world.ts';

export const INCIDENT = IncidentId.parse('INC-1');
const SESSION = SessionKey.parse('agent:remediation:subagent:00000000-0000-4000-8000-000000000001');
const RUN = RunId.parse('run-1');
export const theApprover: Person = {
  id: PersonId.parse('alice'),
  name: 'Alice',
  tokens: [],
  roles: ['approver', 'owner'],
  teams: ['team-shop'],
};

type Ground = { log: Log; clock: Clock; folds: Folds; world: World; kind: EffectClass };

/** Gate, corridor and executor over one log, as a server builds them. */
export function carryOutOf({ log, clock, folds, world, kind }: Ground): CarryOutDeps {
  const boot = realRandom.uuid();
  const signer = createPermitSigner(realRandom);
  const { incidents, approvals } = folds;
  const numbers = new CallNumbers(incidents);
  const tools = toolsOf(kind);
  const gate: GateDeps = {
    ...{ log, clock, random: realRandom, incidents, approvals, numbers, inventory, boot, signer },
    policy: { version: sha256('policy'), rules: [ASK], caps: 'all' },
    people: new Map([[theApprover.id, theApprover]]),
    flags: () => CLEAN,
    cardDigest: (_plan, hash) => taggedHash('torture/card', hash),
    timing: { approvalMs: 24 * 3_600_000, verify: { samples: 2, everyMs: 500, windowMs: 5_000 } },
    limits: { changes: 20 },
  };
  const known: AnyTool[] = [...tools, metricsQuery, workloadStatus, ...createNoteTools({ log, incidents })];
  const byName = new Map<string, AnyTool>(known.map((tool) => [tool.name, tool]));
  const invoke = createInvoke({
    ...{ log, clock, numbers, tools: byName, world, inventory, runbooks: [] },
    propose: (request) => propose(gate, request),
  });
  const execute = inProcessExecutor({ tools, world, inventory, clock, boot, publicKey: signer.publicKey });
  return { gate, invoke, execute };
}

const CLEAN = {
  off: false,
  frozen: false,
  unverified: false,
  clockJumped: false,
  unreadLog: false,
  tampered: false,
};
const ASK = {
  tools: ['service_rollback', 'service_restart', 'service_scale'],
  environments: ['*'],
  services: ['*'],
  answer: 'ask',
} as const;

/** What the remediation agent does: one call, which becomes a plan before people. */
export async function proposeChange({ gate, invoke }: CarryOutDeps, story: Story): Promise<void> {
  const caller = {
    kind: 'agent',
    role: 'remediation',
    incident: INCIDENT,
    session: SESSION,
    run: RUN,
    allowlist: ['service_rollback', 'service_restart'],
    budget: { modelCalls: 10, toolCalls: 10, deadline: gate.clock.now() + 3_600_000 },
    signal: new AbortController().signal,
  } as const;
  const target = 'service:checkout';
  const call =
    story === 'restarted'
      ? { id: 'c', tool: 'service_restart', args: { target } }
      : { id: 'c', tool: 'service_rollback', args: { target, to: 'deploy:checkout@-1' } };
  await invoke.turn(caller, [call]);
}

/** Opened, looked at and diagnosed: a bad deploy of checkout. */
export function anIncident(clock: Clock): EntryDraft[] {
  const context = { actor: SYSTEM, traceId: 't', incident: INCIDENT };
  const ended = { session: SESSION, run: RUN, outcome: 'reported', reason: null, droppedClaims: 0 } as const;
  return [
    fact(
      'incident.opened',
      {
        alert: {
          source: 'test',
          status: 'firing',
          fingerprint: sha256('a'),
          name: 'HighErrorRate',
          severity: 'critical',
          service: 'checkout',
          environment: 'prod',
          startsAt: clock.now(),
        },
        group: 'prod',
        service: CHECKOUT,
        environment: 'prod',
        owner: 'team-shop',
        severity: 'critical',
        mode: 'act',
        reason: 'new_fault',
      },
      { ...context, streams: [countStream('incident'), incidentStream(INCIDENT)] },
    ),
    fact(
      'run.settled',
      {
        ...ended,
        role: 'monitor',
        report: {
          role: 'monitor',
          verdict: 'impaired',
          signal: { service: CHECKOUT, name: 'error_ratio', low: '0', high: '0.02' },
          since: clock.now(),
          findings: [],
        },
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
          hypotheses: [{ cause: 'bad_deploy', service: CHECKOUT, confidence: 86, for: [], against: [] }],
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
  ];
}
