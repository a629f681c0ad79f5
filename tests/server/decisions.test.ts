import { expect, test } from 'vitest';
import type { Approval } from '#approvals/approval.ts';
import { propose } from '#approvals/propose.ts';
import type { ApprovalId, Digest, PersonId } from '#core/ids.ts';
import { fact, SYSTEM } from '#incidents/entry.ts';
import { PersonRequestsFold } from '#incidents/person-requests-fold.ts';
import { createAdmit } from '#server/conversation/admit.ts';
import { createDecisions } from '#server/decisions.ts';
import { createForms } from '#server/forms.ts';
import { createRequestLimits } from '#server/http-limits.ts';
import type { Decided, Place } from '#slack/ports.ts';
import { aCaller, aGate, aPerson, aStep, type GateSetup, INCIDENT } from '../approvals/a-gate.ts';

const place: Place = { team: 'T1', channel: 'C1', thread: '1.1' };

/** A proposal before people, and their clicks. */
async function asked({ wide = false, by, ...setup }: GateSetup & { wide?: boolean; by?: PersonId } = {}) {
  const gate = await aGate(setup);
  if (by !== undefined) {
    const wish = { by, tool: 'service_rollback', target: 'service:checkout' };
    await gate.log.append([
      fact('change.requested', wish, { actor: SYSTEM, traceId: 'wish', incident: INCIDENT }),
    ]);
  }
  const steps = [aStep(wide ? { tier: 'R3' } : {})];
  await propose(gate.deps, { caller: aCaller(gate.clock), steps });
  const first = gate.approvals.all()[0];
  if (first === undefined) throw new Error('nothing is proposed');
  const { id, hash } = first;
  const firebreak = { gate: gate.deps, recovered: async () => {} };
  const requests = new PersonRequestsFold();
  gate.log.subscribe((entries) => {
    for (const entry of entries) requests.apply(entry);
  });
  const limits = createRequestLimits({ fold: requests, clock: gate.clock });
  const admit = createAdmit({ limits, log: gate.log });
  const { onDecision } = createDecisions({ firebreak, zone: 'UTC', stops: gate.stops, admit });
  const { modal } = createForms({ gate: gate.deps, zone: 'UTC' });
  const who = (name: string) => ({
    team: 'T1',
    user: `U${name.toUpperCase()}`,
    person: idOf(gate.people, name),
  });
  const click = async (
    name: string,
    decision: Decided['decision'],
    over: { typed?: string; hash?: Digest; approval?: ApprovalId } = {},
  ): Promise<string> => {
    const { approval = id, typed = null } = over;
    const answer = await onDecision({
      ...{ who: who(name), place, approval, hash: over.hash ?? hash, decision, typed },
    });
    expect(answer.visible).toBe('only_you');
    return answer.text.replace(/<!date\^\d+\^[^|]+\|([^>]+)>/g, '$1');
  };
  const form = (name: string) =>
    modal({ who: who(name), place, on: { kind: 'approval', approval: id, hash, decision: 'approve' } });
  const now = (): Approval => gate.approvals.get(id) ?? first;
  return { ...gate, click, form, now, id, hash };
}

function idOf(people: ReadonlyMap<PersonId, unknown>, name: string): PersonId | null {
  return [...people.keys()].find((id) => id === name) ?? null;
}

async function kinds({ log }: Awaited<ReturnType<typeof asked>>): Promise<string[]> {
  return (await Array.fromAsync(log.read(0))).map(({ kind }) => kind);
}

test('a click approves, by the person of that account, and is recorded as made in Slack', async () => {
  const run = await asked();
  expect(await run.click('alice', 'approve')).toBe('A-1 is approved. It starts now.');
  expect(run.now()).toMatchObject({ state: 'approved', decisions: [{ by: 'alice', via: 'slack' }] });
});

test('the same click delivered twice is one decision, and the second is answered with how it stands', async () => {
  const run = await asked();
  await run.click('alice', 'approve');
  const again = await run.click('alice', 'approve');
  expect(again).toMatch(/^Already approved by alice at 03:12; approved \(#\d+\)\. Nothing was done now\.$/);
  expect((await kinds(run)).filter((kind) => kind === 'approval.approved')).toHaveLength(1);
});

test('two people at once: one decides, the other is told by whom and when', async () => {
  const run = await asked();
  const answers = await Promise.all([run.click('alice', 'approve'), run.click('bob', 'deny')]);
  expect(answers.filter((text) => text.endsWith('Nothing was done now.'))).toHaveLength(1);
  expect(answers.some((text) => /Already .* by (alice|bob) at 03:12/.test(text))).toBe(true);
});

test('a click on a card of long ago says what was done, by whom, when, and where the log says so', async () => {
  const run = await asked();
  await run.click('bob', 'approve');
  const { id } = run;
  await run.log.append([
    fact(
      'action.verified',
      { approval: id, samples: 5 },
      { actor: SYSTEM, traceId: 't', incident: INCIDENT },
    ),
  ]);
  await run.clock.advance(3_600_000);
  expect(await run.click('alice', 'deny')).toBe(
    `Already rolled back by bob at 03:12 (#${run.now().seq}). Nothing was done now.`,
  );
});

test('denied, revoked, expired and withdrawn proposals each say so in one sentence', async () => {
  const denied = await asked();
  await denied.click('bob', 'deny');
  expect(await denied.click('alice', 'approve')).toMatch(
    /^Already denied by bob at 03:12 \(#\d+\)\. Nothing/,
  );
  const revoked = await asked();
  await revoked.click('bob', 'approve');
  expect(await revoked.click('alice', 'revoke')).toBe(
    'The approval of A-1 is taken back. Nothing more is started.',
  );
  expect(await revoked.click('bob', 'approve')).toMatch(/^Already revoked by alice at 03:12/);
  const late = await asked();
  await late.clock.advance(15 * 60_000);
  expect(await late.click('bob', 'approve')).toBe(
    'The time for A-1 was over at 03:27. Nothing was done now.',
  );
  const calm = await asked();
  const body = { approval: calm.id, reason: 'alert_cleared' };
  await calm.log.append([
    fact('approval.withdrawn', body, { actor: SYSTEM, traceId: 't', incident: INCIDENT }),
  ]);
  expect(await calm.click('bob', 'approve')).toMatch(
    /^A-1: withdrawn at 03:12: alert cleared \(#\d+\)\. Nothing/,
  );
});

test('whoever may not decide is told who may, and that is recorded', async () => {
  const run = await asked({ people: [aPerson('alice'), aPerson('eve', ['responder'])] });
  expect(await run.click('eve', 'approve')).toBe(
    'Your role may not decide on A-1; ask alice. Nothing was done now.',
  );
  expect(run.now().state).toBe('pending');
  expect(await kinds(run)).toContain('request.refused');
});

test('an account that the config does not know decides nothing, is told how it is added, and is recorded', async () => {
  const run = await asked();
  expect(await run.click('mallory', 'approve')).toMatch(/^Firebreak does not know you here/);
  expect(run.now().state).toBe('pending');
  expect(await kinds(run)).toContain('auth.failed');
});

test('a role that was taken away between the card and the click counts at the click', async () => {
  const run = await asked();
  const alice = aPerson('alice', ['viewer']);
  run.people.set(alice.id, alice);
  expect(await run.click('alice', 'approve')).toMatch(/^Your role may not decide/);
});

test('a card with another hash decides nothing', async () => {
  const run = await asked();
  const other = run.hash.replaceAll(/[0-9]/g, '0');
  expect(await run.click('alice', 'approve', { hash: other as Digest })).toBe(
    'That card does not show what A-1 proposes; look at its newest card. Nothing was done now.',
  );
});

test('while everything is off nobody can approve, and anybody who may can deny', async () => {
  const run = await asked();
  run.flags.now = { ...run.flags.now, off: true };
  expect(await run.click('alice', 'approve')).toMatch(/^Changes are frozen or everything is off/);
  const context = { actor: SYSTEM, traceId: 'stop' };
  await run.log.append([fact('off.set', { on: true, by: aPerson('olga').id }, context)]);
  expect(await run.click('alice', 'approve')).toMatch(
    /^Everything is off since \d\d:\d\d \(olga\): no approval counts until an owner says \/firebreak on\./,
  );
  expect(await run.click('alice', 'deny')).toBe('A-1 is denied. Nothing is done.');
});

test('a wide change opens a form for everybody who may decide, and counts with the name typed and two people', async () => {
  const owner = aPerson('olga', ['owner', 'approver'], ['team-shop']);
  const run = await asked({ wide: true, people: [aPerson('alice'), owner, aPerson('eve', ['responder'])] });
  expect(run.form('alice')).toMatchObject({ callback_id: 'decision:approve' });
  expect(run.form('eve')).toBeNull();
  expect(await run.click('alice', 'approve', { typed: 'chekout' })).toBe(
    'That is not what A-1 changes; type `checkout`. Nothing was done now.',
  );
  expect(await run.click('alice', 'approve', { typed: 'checkout' })).toBe(
    'Your yes to A-1 counts. One more person is needed.',
  );
  expect(run.form('alice')).toBeNull();
  expect(await run.click('alice', 'approve', { typed: 'checkout' })).toMatch(/^You said yes to A-1 before/);
  expect(await run.click('olga', 'approve', { typed: ' checkout ' })).toMatch(/^A-1 is approved/);
  expect(run.form('olga')).toBeNull();
});

test('a plain change opens no form, but for the person who asked for it', async () => {
  const run = await asked();
  expect(run.form('alice')).toBeNull();
  const own = await asked({ by: aPerson('alice').id });
  expect(own.form('alice')).not.toBeNull();
  expect(own.form('bob')).toBeNull();
  expect(await own.click('alice', 'approve')).toMatch(/^That is not what A-1 changes/);
});

test('after it ended undecided a person has everything read anew; after a decision nobody has', async () => {
  const run = await asked();
  expect(await run.click('alice', 'again')).toMatch(/^A-1 still waits for a decision/);
  await run.log.append([
    fact('approval.expired', { approval: run.id }, { actor: SYSTEM, traceId: 't', incident: INCIDENT }),
  ]);
  expect(await run.click('alice', 'again')).toMatch(/^Everything is read anew/);
  expect(await kinds(run)).toContain('approval.asked_again');
  const denied = await asked();
  await denied.click('bob', 'deny');
  expect(await denied.click('alice', 'again')).toMatch(/^Already denied by bob/);
});

test('a proposal that is not known any more says so', async () => {
  const run = await asked();
  expect(await run.click('alice', 'approve', { approval: 'A-99' as ApprovalId })).toBe(
    'This proposal is not known any more. Nothing was done now.',
  );
});

test('a flood of clicks is not looked at and not written down, and taking back a yes is never too much', async () => {
  const run = await asked();
  await run.click('alice', 'approve');
  const answers: string[] = [];
  for (let at = 0; at < 50; at += 1) answers.push(await run.click('alice', 'approve'));
  expect(answers.slice(4).every((line) => line.includes('more than 5 changes'))).toBe(true);
  expect(answers.at(-1)).toMatch(/go on in \d+ s\. Nothing was done now\.$/);
  const written = await kinds(run);
  expect(written.filter((kind) => kind === 'request.refused')).toHaveLength(5);
  expect(await run.click('alice', 'revoke')).toContain('taken back');
});
