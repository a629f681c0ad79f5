import type { Approval } from '#approvals/approval.ts';
import { sha256 } from '#core/hash.ts';
import { ApprovalId, IncidentId, ServiceId } from '#core/ids.ts';
import { fact } from '#incidents/entry.ts';
import { actTools } from '#tools/act/tools.ts';
import { INCIDENT } from '../../approvals/a-gate.ts';
import type { Attempt } from './attempt.ts';
import { aChange, allowed, type Call, pressed, proposed, somePlan } from './honest.ts';
import type { Rig } from './rig.ts';

const SYSTEM = { actor: { kind: 'system', id: 'firebreak' }, traceId: 't' } as const;

/** Attempts on what was approved: the plan, its targets, the policy and the world around it. */
export const planAttempts: Readonly<Record<string, Attempt>> = {
  'one byte of args': async (rig) => {
    const approval = await allowed(rig, await proposed(rig));
    tamper(rig, approval);
  },
  'unicode or homoglyph target': async (rig) => {
    const target = rig.dice.one([
      'service:сheckout',
      'service:checkout\u200b',
      'SERVICE:checkout',
      'service:ｃheckout',
      'service:checkout ',
      'service:./checkout',
      'service:checkout\u0000',
      'checkout',
    ]);
    await rig.turn([{ tool: 'service_restart', args: { target } }]);
    for (const approval of rig.gate.approvals.all()) await pressed(rig, approval);
  },
  'the key __proto__': async (rig) => {
    const call: Call = aChange(rig.dice);
    const poison = rig.dice.one(['__proto__', 'constructor', 'prototype', 'toString']);
    const args = JSON.parse(
      `${JSON.stringify(call.args).slice(0, -1)},"${poison}":{"tier":"R0","approved":true}}`,
    );
    await rig.turn([{ tool: rig.dice.one([call.tool, poison]), args }]);
    await rig.turn([{ tool: call.tool, args: JSON.parse(`{"__proto__":${JSON.stringify(call.args)}}`) }]);
    for (const approval of rig.gate.approvals.all())
      if (Object.hasOwn(approval.plan.steps[0]?.change ?? {}, poison)) await pressed(rig, approval);
  },
  'other session': async (rig) => {
    const calls = somePlan(rig.dice);
    const approval = await allowed(rig, await proposed(rig, calls));
    const caller = {
      ...rig.caller(),
      run: rig.caller().run,
      session: rig.caller().session.replace(/0001$/, '0002') as typeof approval.plan.session,
    };
    await rig.turn(calls, caller);
    await rig.push();
    await rig.turn(calls, caller);
  },
  'other incident': async (rig) => {
    const approval = await allowed(rig, await proposed(rig));
    const other = IncidentId.parse('INC-2');
    if (rig.dice.roll(2) === 0) Object.assign(approval.plan, { incident: other });
    else await rig.turn(somePlan(rig.dice), { ...rig.caller(), incident: other });
  },
  'other environment': async (rig) => {
    await allowed(rig, await proposed(rig));
    eachService(rig, (service) => ({ ...service, environment: 'staging' }));
    rig.truth.forbid();
  },
  'policy bumped': async (rig) => {
    await allowed(rig, await proposed(rig));
    rig.policy.rules = rig.dice.one([
      [],
      [
        ...rig.policy.rules,
        {
          tools: actTools.map(({ name }) => name),
          environments: ['*'],
          services: ['*'],
          answer: 'deny' as const,
        },
      ],
      [
        {
          tools: actTools.map(({ name }) => name),
          environments: ['staging'],
          services: ['*'],
          answer: 'ask' as const,
        },
      ],
    ]);
    rig.truth.forbid();
  },
  'mode lowered': async (rig) => {
    await allowed(rig, await proposed(rig));
    eachService(rig, (service) => ({ ...service, mode: rig.dice.one(['observe', 'propose']) }));
    rig.truth.forbid();
  },
  'mode raised without an owner': async (rig) => {
    rig.policy.caps = new Map(rig.dice.one([[], [['checkout service_restart', 'propose'] as const]]));
    await pressed(rig, await proposed(rig));
  },
  'half of the plan only observed': async (rig) => {
    const [one, other] = rig.dice.one([
      ['checkout', 'payments'],
      ['payments', 'checkout'],
    ] as const);
    eachService(rig, (service) => (service.id === other ? { ...service, mode: 'observe' } : service));
    await pressed(rig, await proposed(rig, [aChange(rig.dice, one), aChange(rig.dice, other)]));
  },
  'tool digest changed': async (rig) => {
    const approval = await allowed(rig, await proposed(rig));
    for (const step of approval.plan.steps) step.toolVersion += 1 + rig.dice.roll(3);
    rig.truth.forbid();
  },
  'target changed': async (rig) => {
    const approval = await allowed(rig, await proposed(rig));
    for (const thing of things(rig, approval)) thing.generation += 1 + rig.dice.roll(3);
  },
  'name reused with new uid': async (rig) => {
    const approval = await allowed(rig, await proposed(rig));
    for (const thing of things(rig, approval)) thing.uid = `u-${rig.dice.roll(1000)}`;
  },
  'preview differs': async (rig) => {
    const approval = await allowed(rig, await proposed(rig));
    for (const thing of things(rig, approval))
      Object.assign(thing, rig.dice.one([{ replicas: 5 + rig.dice.roll(3) }, { version: 'v43' }]));
  },
  'inventory swapped': async (rig) => {
    await allowed(rig, await proposed(rig));
    const swap: Readonly<Record<string, string>> = { checkout: 'payments', payments: 'checkout' };
    eachService(rig, (service) => ({
      ...service,
      workload: { driver: 'fake', name: swap[service.id] ?? '' },
    }));
  },
  'owner swapped': async (rig) => {
    const approval = await proposed(rig, [aChange(rig.dice, 'checkout'), aChange(rig.dice, 'payments')]);
    await allowed(rig, approval);
    eachService(rig, (service) => ({ ...service, owner: 'team-else' }));
    rig.truth.forbid();
  },
  'plan step added': async (rig) => {
    const approval = await allowed(rig, await proposed(rig, [aChange(rig.dice, 'checkout')]));
    const [step] = approval.plan.steps;
    const more = {
      ...step,
      change: { tool: 'service_restart', target: 'service:payments' },
      tool: 'service_restart',
    };
    Object.assign(approval.plan, {
      steps: rig.dice.roll(2) === 0 ? [...approval.plan.steps, more] : [more, ...approval.plan.steps],
    });
  },
  'plan step dropped': async (rig) => {
    const approval = await allowed(
      rig,
      await proposed(rig, [aChange(rig.dice, 'checkout'), aChange(rig.dice, 'payments')]),
    );
    approval.plan.steps.shift();
  },
  'plan reordered': async (rig) => {
    const approval = await allowed(
      rig,
      await proposed(rig, [aChange(rig.dice, 'checkout'), aChange(rig.dice, 'payments')]),
    );
    approval.plan.steps.reverse();
  },
  'step run twice': async (rig) => {
    const approval = await allowed(rig, await proposed(rig));
    await rig.push();
    Object.assign(approval, { state: 'approved', calls: [] });
  },
  'restored old approval store': async (rig) => {
    const approval = await allowed(rig, await proposed(rig));
    const old = JSON.stringify(rig.gate.approvals.save());
    await rig.push();
    rig.gate.approvals.load(JSON.parse(old));
    if (rig.dice.roll(2) === 0) await pressed(rig, approval);
  },
  'a yes written into the log by a stranger': async (rig) => {
    const { id, hash, cardDigest } = await proposed(rig);
    const by = rig.dice.one(['vic', 'zoe', 'remediation']);
    const body = {
      approval: id,
      hash,
      cardDigest,
      by,
      roles: ['approver', 'owner'],
      via: 'api',
      complete: true,
    };
    const draft = fact('approval.approved', body as Parameters<typeof fact<'approval.approved'>>[1], {
      ...SYSTEM,
      incident: INCIDENT,
    });
    await rig.gate.log.append([draft]);
  },
  'an approval that is not there': async (rig) => {
    await proposed(rig);
    const approval = ApprovalId.parse(`A-${2 + rig.dice.roll(90)}`);
    await rig.decide({ approval, hash: sha256('plan'), decision: 'approve', person: rig.olga });
  },
};

function eachService(
  rig: Rig,
  change: (service: Parameters<Rig['services']['set']>[1]) => Parameters<Rig['services']['set']>[1],
): void {
  for (const [id, service] of rig.services) rig.services.set(id, change(service));
}

function things(rig: Rig, { plan }: Approval) {
  return plan.steps.flatMap(({ target }) => rig.backend.things.get(target.service) ?? []);
}

/** Changes one value inside the plan that was approved, as it lies in memory. */
function tamper(rig: Rig, { plan }: Approval): void {
  const step = rig.dice.one(plan.steps);
  const other = step.target.service === 'checkout' ? 'payments' : 'checkout';
  rig.dice.one<() => void>([
    () => void Object.assign(step.change, { target: `service:${other}` }),
    () => void Object.assign(step.change, { target: `${step.change.target}2` }),
    () =>
      void Object.assign(
        step.change,
        step.change.tool === 'service_scale' ? { replicas: step.change.replicas + 1 } : { replicas: 1 },
      ),
    () =>
      void Object.assign(step, {
        tool: step.tool === 'service_restart' ? 'service_scale' : 'service_restart',
        change: { tool: 'service_restart', target: step.change.target, v: 1 },
      }),
    () => void Object.assign(step.target, { service: ServiceId.parse(other), ref: `service:${other}` }),
  ])();
}
