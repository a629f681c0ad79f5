import type { Approval } from '#approvals/approval.ts';
import { type Decided, type DecisionInput, decide } from '#approvals/decide.ts';
import { type Claimed, claim } from '#approvals/gate.ts';
import type { GateDeps } from '#approvals/gate-deps.ts';
import type { Person } from '#approvals/people.ts';
import type { Permit } from '#approvals/permit.ts';
import { planHash } from '#approvals/plan.ts';
import type { Policy, PolicyRule, StopFlags } from '#approvals/policy.ts';
import { propose } from '#approvals/propose.ts';
import type { JsonValue } from '#core/canonical.ts';
import { FirebreakError } from '#core/errors.ts';
import { type PersonId, ServiceId } from '#core/ids.ts';
import type { AgentCaller } from '#incidents/caller.ts';
import type { Inventory, Service } from '#incidents/inventory.ts';
import type { OperatorAction } from '#incidents/operator-action.ts';
import { inProcessExecutor } from '#server/executor/in-process.ts';
import { actTools } from '#tools/act/tools.ts';
import type { CallResult, RequestedCall } from '#tools/call-result.ts';
import { type CarryOutDeps, carryOut, type Execute } from '#tools/carry-out.ts';
import type { ChangeOutcome, World } from '#tools/drivers/ports.ts';
import { createInvoke } from '#tools/invoke.ts';
import { readTools } from '#tools/read/tools.ts';
import { recheckWith } from '#tools/recheck.ts';
import type { AnyTool } from '#tools/tool.ts';
import { aCaller, aGate, aPerson } from '../../approvals/a-gate.ts';
import { type Backend, createBackend } from './backend.ts';
import type { Dice } from './dice.ts';
import { createTruth, type Truth } from './truth.ts';
import { careless, decider, forced, permitFor, unchanged, type Weakness, weaken } from './weaken.ts';

/** What an attempt has in its hands. `truth` is told what people really let happen; everything else is fair game. */
export type Rig = {
  readonly dice: Dice;
  readonly clock: Awaited<ReturnType<typeof aGate>>['clock'];
  readonly gate: GateDeps;
  readonly people: Map<PersonId, Person>;
  readonly flags: { now: StopFlags };
  readonly policy: { -readonly [K in keyof Policy]: Policy[K] };
  readonly services: Map<ServiceId, Service>;
  readonly actions: Map<string, OperatorAction>;
  readonly backend: Backend;
  readonly truth: Truth;
  readonly execute: Execute;
  readonly invoke: ReturnType<typeof createInvoke>;
  readonly caller: () => AgentCaller;
  readonly alice: Person;
  readonly olga: Person;
  /** One turn of remediation. */
  turn(
    calls: readonly { tool: string; args: JsonValue }[],
    caller?: AgentCaller,
  ): Promise<readonly CallResult[]>;
  decide(
    input: Pick<DecisionInput, 'approval' | 'hash' | 'decision' | 'person'> & { typed?: string | null },
  ): Promise<Decided>;
  claim(approval: Approval): Promise<Claimed>;
  perform(permit: Permit): Promise<ChangeOutcome>;
  /** Everything that the product would do by itself with every plan there is. */
  push(): Promise<void>;
};

/** A fresh product over a fresh backend. */
export async function aRig(dice: Dice, weakness?: Weakness): Promise<Rig> {
  const alice = aPerson('alice');
  const olga = aPerson('olga', ['owner', 'responder'], ['team-shop', 'team-pay']);
  const others = [aPerson('bob'), aPerson('vic', ['viewer', 'responder', 'admin'], ['team-shop'])];
  const { deps, clock, people, flags } = await aGate({ people: [alice, olga, ...others], rules: [ASK] });
  const truth = createTruth();
  const backend = createBackend((effect) => truth.judge(effect, clock.now()));
  const services = new Map([serviceNamed('checkout', 'team-shop'), serviceNamed('payments', 'team-pay')]);
  const actions = new Map([[redeploy.name, redeploy]]);
  const inventory: Inventory = { version: deps.inventory.version, services, actions };
  const policy = { ...deps.policy };
  const silences = new Map([['alertmanager', backend.silences]]);
  const gate: GateDeps = weaken({ ...deps, inventory, policy }, weakness);
  const tools = new Map<string, AnyTool>([...readTools, ...actTools].map((tool) => [tool.name, tool]));
  const invoke = createInvoke({
    ...{ log: gate.log, clock, numbers: gate.numbers, inventory, tools, runbooks: [] },
    world: { ...worldOf(backend.reader), programs: { inspect: backend.programs.inspect }, silences },
    propose: (request) => propose(gate, request),
  });
  const executor = inProcessExecutor({
    ...{ tools: actTools, inventory, clock: gate.clock, boot: gate.boot },
    world: { ...worldOf(backend.actor), programs: backend.programs, silences },
    publicKey: gate.signer.publicKey,
  });
  const execute: Execute =
    weakness === 'any permit is good' ? { ...executor, change: careless(services, backend) } : executor;
  const allowlist = [...aCaller(clock).allowlist, ...actTools.map(({ name }) => name)];
  const caller = () => ({ ...aCaller(clock), allowlist });
  const blind: typeof invoke = { ...invoke, dryRun: async (_by, _tool, args) => unchanged(gate, args) };
  const isBlind = weakness === 'targets are not looked at again';
  const carry: CarryOutDeps = { gate, invoke: isBlind ? blind : invoke, execute };
  const recheck = recheckWith(carry.invoke);
  const claimOne = (approval: Approval) => {
    if (weakness === 'the hash is not compared') approval.hash = planHash(approval.plan);
    return claim(gate, approval.id, recheck);
  };
  const perform = (permit: Permit) => execute.change(permit, 60_000);
  return {
    ...{
      dice,
      clock,
      gate,
      people,
      flags,
      policy,
      services,
      actions,
      backend,
      truth,
      execute,
      invoke,
      caller,
      alice,
      olga,
    },
    turn: (calls, by = caller()) =>
      invoke.turn(
        by,
        calls.map((call, at): RequestedCall => ({ id: `c${at}`, ...call })),
      ),
    decide: ({ typed = null, person, ...said }) =>
      decide(gate, {
        ...said,
        typed,
        via: 'api',
        person: weakness === 'anybody decides' ? decider(person) : person,
      }),
    claim: claimOne,
    perform,
    push: async () => {
      for (const approval of gate.approvals.all()) {
        if (weakness === 'the hash is not compared') approval.hash = planHash(approval.plan);
        if (weakness !== undefined && forced[weakness]?.includes(approval.state) === true)
          await perform(permitFor(gate, approval));
        else await carryOut(carry, approval.id).catch(unlessFull);
      }
    },
  };
}

const ASK: PolicyRule = {
  tools: actTools.map(({ name }) => name),
  ...{ environments: ['*'], services: ['*'], answer: 'ask' },
};

/** A command of the operator's, for the cause that the incident has. */
const redeploy: OperatorAction = {
  ...{ name: 'redeploy', service: ServiceId.parse('checkout'), about: 'Deploy again', tier: 'R2' },
  ...{ argv: ['/opt/ops/redeploy', '{count}'], undo: null, timeoutMs: 60_000, causes: ['bad_deploy'] },
  params: new Map([['count', { kind: 'int', min: 1, max: 9 }]]),
  env: new Map([['KEY', 'file:/key']]),
};

/** A log that takes nothing stops the product; that is what some attempts want to see. */
function unlessFull(error: unknown): void {
  if (!(error instanceof FirebreakError) || error.code !== 'log_append_failed') throw error;
}

function serviceNamed(name: string, owner: string): [ServiceId, Service] {
  const id = ServiceId.parse(name);
  const workload = { driver: 'fake', name };
  const rest = { environment: 'prod', mode: 'act', dependsOn: [], maxReplicas: 8, signals: {} } as const;
  return [id, { id, owner, workload, ...rest }];
}

function worldOf(driver: Backend['reader']): World {
  const nothing = { kind: 'gap', reason: 'not_configured', detail: 'none' } as const;
  return {
    metrics: new Map(),
    workloads: new Map([['fake', driver]]),
    logs: { search: async () => nothing },
    probe: { get: async () => nothing },
  };
}
