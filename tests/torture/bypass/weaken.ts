import type { Approval, ApprovalState } from '#approvals/approval.ts';
import type { GateDeps } from '#approvals/gate-deps.ts';
import type { Person } from '#approvals/people.ts';
import type { Permit } from '#approvals/permit.ts';
import { commandHash, type Ordered } from '#approvals/plan.ts';
import { canonical, type JsonValue } from '#core/canonical.ts';
import { CallId, type PersonId, type ServiceId } from '#core/ids.ts';
import type { Service } from '#incidents/inventory.ts';
import type { Execute } from '#tools/carry-out.ts';
import type { createInvoke } from '#tools/invoke.ts';
import { aPerson } from '../../approvals/a-gate.ts';
import type { Backend } from './backend.ts';

/** Gates that are broken on purpose, each in one place: what they then let through must be noticed. */
export const weaknesses = [
  'nobody is asked',
  'a no does not count',
  'a grant is never used up',
  'anybody decides',
  'stops are ignored',
  'time stands still',
  'targets are not looked at again',
  'the hash is not compared',
  'the policy of the start stays',
  'any permit is good',
] as const;
export type Weakness = (typeof weaknesses)[number];

/** States in which a broken gate lets a plan run. */
export const forced: Partial<Record<Weakness, readonly ApprovalState[]>> = {
  'nobody is asked': ['pending', 'recorded'],
  'a no does not count': ['rejected', 'revoked', 'withdrawn', 'superseded', 'expired'],
  'a grant is never used up': ['started', 'succeeded', 'verified'],
};

export function permitFor({ signer, clock, random, boot }: GateDeps, { id, hash, plan }: Approval): Permit {
  const [step] = plan.steps;
  if (step === undefined) throw new Error('a plan without a step');
  const { tool, target } = step;
  const change: Ordered =
    step.tool === 'operator_action' ? { ...step.change, command: commandHash(step.preview) } : step.change;
  const order = {
    tool,
    change,
    key: 'forced',
    expectGeneration: target.generation,
    fence: Number.MAX_SAFE_INTEGER,
  };
  const mintedAt = clock.now();
  const call = CallId.parse('e99');
  const fields = {
    jti: random.uuid(),
    approval: id,
    hash,
    step: 0,
    undo: false,
    call,
    order,
    boot,
    mintedAt,
  };
  return signer.mint({ ...fields, notAfter: mintedAt + 1000 });
}

/** A dry run that finds what the plan says, whatever is there. */
export function unchanged(
  { approvals }: GateDeps,
  args: JsonValue,
): Awaited<ReturnType<ReturnType<typeof createInvoke>['dryRun']>> {
  const steps = approvals.all().flatMap(({ plan, calls }) => plan.steps.map((step) => ({ step, calls })));
  const found = steps.find(({ step: { change } }) => {
    const { tool: _tool, ...rest } = change;
    return canonical(rest) === canonical(args);
  });
  return found === undefined
    ? { kind: 'refused', reason: 'unknown_reference', detail: '' }
    : { kind: 'step', step: found.step };
}

/** Executes whatever it is told. */
export function careless(services: ReadonlyMap<ServiceId, Service>, { actor }: Backend): Execute['change'] {
  return async ({ fields: { order } }) => {
    const service = [...services.values()].find(({ id }) => order.change.target === `service:${id}`);
    if (service === undefined) return { kind: 'refused', reason: 'not_found', detail: '' };
    const { change } = order;
    if ('service' in change) return { kind: 'refused', reason: 'invalid', detail: '' };
    return actor.apply(service, { ...order, change }, new AbortController().signal);
  };
}

export function decider(person: Person): Person {
  return { ...person, roles: ['approver', 'owner'], teams: ['team-shop', 'team-pay'] };
}

/** Leaves out one of the checks. */
export function weaken(deps: GateDeps, weakness: Weakness | undefined): GateDeps {
  const { clock, people, policy } = deps;
  const [began, none] = [clock.now(), deps.flags()];
  switch (weakness) {
    case 'anybody decides': {
      const get = (id: PersonId) => decider(people.get(id) ?? aPerson(id));
      return { ...deps, people: Object.assign(new Map(people), { get }) };
    }
    case 'stops are ignored':
      return { ...deps, flags: () => none };
    case 'time stands still': {
      const [after, sleep] = [clock.after.bind(clock), clock.sleep.bind(clock)];
      return { ...deps, clock: { now: () => began, mono: () => 0, after, sleep } };
    }
    case 'the policy of the start stays':
      return { ...deps, policy: { ...policy, rules: [...policy.rules] } };
    default:
      return deps;
  }
}
