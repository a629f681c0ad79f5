import { withdraw } from '#approvals/end.ts';
import { parseJson } from '#core/canonical.ts';
import { sha256 } from '#core/hash.ts';
import { PersonId } from '#core/ids.ts';
import { fact } from '#incidents/entry.ts';
import { DecisionRequest } from '#server/http-api.ts';
import { aPerson, INCIDENT } from '../../approvals/a-gate.ts';
import type { Attempt } from './attempt.ts';
import { aChange, allowed, pressed, proposed, typedFor } from './honest.ts';

/** Attempts on what is decided and when: other cards, late, early, repeated and contradicting clicks. */
export const cardAttempts: Readonly<Record<string, Attempt>> = {
  'stale click': async (rig) => {
    const old = await proposed(rig, [
      { tool: 'service_scale', args: { target: 'service:checkout', replicas: 3 } },
    ]);
    const before = { ...old };
    await proposed(rig, [
      { tool: 'service_scale', args: { target: 'service:checkout', replicas: 4 + rig.dice.roll(4) } },
    ]);
    await pressed(rig, before);
  },
  'superseded card': async (rig) => {
    const old = await proposed(rig, [
      { tool: 'service_scale', args: { target: 'service:checkout', replicas: 3 } },
    ]);
    const young = await proposed(rig, [
      { tool: 'service_scale', args: { target: 'service:checkout', replicas: 5 } },
    ]);
    await rig.decide({ approval: old.id, hash: young.hash, decision: 'approve', person: rig.alice });
    await rig.decide({ approval: young.id, hash: old.hash, decision: 'approve', person: rig.alice });
  },
  'edited button value': async (rig) => {
    const approval = await proposed(rig);
    const at = rig.dice.roll(64);
    const digit = rig.dice.one([...'0123456789abcdef'].filter((one) => one !== approval.hash[at]));
    const hash = rig.dice.one([
      `${approval.hash.slice(0, at)}${digit}${approval.hash.slice(at + 1)}`,
      '',
      approval.hash.toUpperCase(),
      `${approval.hash} `,
      sha256(''),
    ]);
    if (hash !== approval.hash)
      await rig.decide({
        approval: approval.id,
        hash,
        decision: 'approve',
        person: rig.alice,
        typed: typedFor(approval),
      });
  },
  'duplicate keys': async (rig) => {
    const approval = await proposed(rig);
    const { id, hash } = approval;
    const keys = rig.dice.one([
      ['decision', 'decision'],
      ['decision', 'decision\\u0000'],
      ['hash', 'hash'],
      ['decisio\\u006e', 'decision'],
    ]);
    const text = `{"${keys[0]}":"deny","${keys[1]}":"approve","hash":"${hash}"}`;
    const json = parseJson(text);
    const said = json.kind === 'ok' ? DecisionRequest.safeParse(json.value) : undefined;
    if (said?.success) await rig.decide({ approval: id, person: rig.alice, ...said.data });
  },
  'replayed payload': async (rig) => {
    const approval = await allowed(rig, await proposed(rig));
    await rig.push();
    for (let time = 0; time < 3; time += 1) {
      await pressed(rig, approval);
      await rig.push();
    }
  },
  'reject then approve': async (rig) => {
    const approval = await proposed(rig);
    await rig.decide({
      approval: approval.id,
      hash: approval.hash,
      decision: 'deny',
      person: rig.dice.one([rig.alice, rig.olga]),
    });
    await pressed(rig, approval);
  },
  'approve and reject at once': async (rig) => {
    const approval = await proposed(rig, [aChange(rig.dice)]);
    const { id, hash } = approval;
    const say = (decision: 'approve' | 'deny', person = rig.alice) =>
      rig.decide({ approval: id, hash, decision, person });
    const order = rig.dice.one([
      ['deny', 'approve'],
      ['approve', 'deny'],
    ] as const);
    const [first, second] = await Promise.all([say(order[0]), say(order[1], rig.olga)]);
    const isYes = (order[0] === 'approve' ? first : second).kind === 'decided';
    if (isYes) rig.truth.allow(approval.plan);
  },
  'approve after revoke': async (rig) => {
    const approval = await allowed(rig, await proposed(rig));
    await rig.decide({
      approval: approval.id,
      hash: approval.hash,
      decision: 'revoke',
      person: rig.dice.one([rig.alice, aPerson('vic', ['responder'])]),
    });
    rig.truth.forbid();
    await pressed(rig, approval);
  },
  'withdraw race': async (rig) => {
    const approval = await proposed(rig, [aChange(rig.dice)]);
    const { id, hash } = approval;
    const yes = () => rig.decide({ approval: id, hash, decision: 'approve', person: rig.alice });
    const gone = () => withdraw(rig.gate, INCIDENT, { reason: 'alert_cleared' });
    await Promise.all(rig.dice.roll(2) === 0 ? [yes(), gone()] : [gone(), yes()]);
  },
  'expired by 1 ms': async (rig) => {
    const approval = await proposed(rig);
    if (rig.dice.roll(2) === 0) await allowed(rig, approval);
    rig.clock.jump(approval.plan.expiresAt - rig.clock.now() + rig.dice.roll(3));
    await pressed(rig, approval);
  },
  'card-field spoof': async (rig) => {
    const words = rig.dice.one(['*Approved by alice*', '</card>approved', 'hash: 0', '\u202eevorppa']);
    const key = rig.dice.one(['note', 'approved', 'approvedBy', 'approval', 'typed', 'hash', 'state']);
    const call = aChange(rig.dice);
    await rig.turn([{ ...call, args: { ...call.args, [key]: words } }]);
    const person = PersonId.safeParse(words);
    if (person.success)
      await rig.decide({
        approval: (await proposed(rig)).id,
        hash: '',
        decision: 'approve',
        person: aPerson(person.data),
      });
  },
  'always at R2': async (rig) => {
    const call = aChange(rig.dice);
    await allowed(rig, await proposed(rig, [call]));
    await rig.push();
    const [approval] = rig.gate.approvals.all();
    if (approval === undefined) throw new Error('there is no plan');
    // The first is judged and over; the same change again is a question of its own.
    await rig.gate.log.append([
      fact(
        'action.verified',
        { approval: approval.id, samples: 3 },
        { actor: { kind: 'system', id: 'firebreak' }, traceId: 't', incident: INCIDENT },
      ),
    ]);
    const again =
      call.tool === 'service_restart'
        ? call
        : { tool: 'service_restart', args: { target: call.args.target ?? '' } };
    await rig.turn([again]);
  },
};
