import { expect, test } from 'vitest';
import { planHash } from '#approvals/plan.ts';
import { targetsOf } from '#approvals/plan-targets.ts';
import { PersonId } from '#core/ids.ts';
import { approveModal } from '#slack/cards/modals.ts';
import { readButton } from '#slack/cards/values.ts';
import { approvalCard } from '#views/approval-card.ts';
import { aPlan, T0 } from '../../views/a-plan.ts';
import { draw } from './a-card.ts';
import { actionsOf, blockTexts, buttonsOf } from './limits.ts';

const bob = PersonId.parse('bob');

/** The clock time that readers see where Slack cannot write it. */
const seen = (text: string) => text.replace(/<!date\^\d+\^[^|]+\|([^>]+)>/g, '$1');

test('the first thing on the card is what happens, to what, how it is undone and until when, then the buttons', () => {
  const { text, blocks } = draw('pending');
  expect(blocks.map(({ type }) => type).slice(0, 2)).toEqual(['section', 'actions']);
  expect(seen(blockTexts(blocks)[0] ?? '').split('\n')).toEqual([
    '*Roll back checkout v42 → v41 in demo*',
    'Undo: deploy v42 again. Expires 03:27, then nothing happens.',
    'Touches checkout; gateway calls it and may feel it.',
  ]);
  expect(buttonsOf(blocks).map((one) => one.text)).toEqual(['Approve', 'Deny']);
  expect(seen(text)).toBe(
    'Roll back checkout v42 → v41 in demo\nUndo: deploy v42 again. Expires 03:27. Approve or deny?',
  );
});

test('what an approver reads next is the preview, the check, the evidence, who is needed, and the same by hand', () => {
  const lines = blockTexts(draw('pending').blocks).join('\n').split('\n');
  expect(lines).toContain('*Effect:* version v42 → v41, 2 instances restart; undo: deploy v42 again');
  expect(lines).toContain('*Why:* bad deploy of checkout (0.86) `e3` `e7` `e8`');
  expect(lines).toContain('*Needs:* one approver');
  expect(lines).toContain('change, A-3 of INC-1');
  expect(lines.at(-1)).toBe('`POST http://127.0.0.1:7001/v1/services/checkout/deploy {"version":"v41"}`');
});

test('a command is shown word for word with its environment, and so is what takes it back, however long they may be', () => {
  const program = 'ab'.repeat(32);
  const argv = ['/opt/ops/queue', ...Array.from({ length: 5 }, (_, at) => `${at}`.repeat(90))];
  const env = Array.from({ length: 6 }, (_, at) => ({
    name: `NAME_${at}`,
    from: `file:/${'k'.repeat(120)}`,
  }));
  const of = { tool: 'operator_action', service: 'service:checkout', params: [] };
  const step = {
    ...{ tool: 'operator_action', change: { ...of, target: 'action:restart-queue' } },
    target: {
      ref: 'action:restart-queue',
      service: 'checkout',
      environment: 'demo',
      uid: program,
      generation: 0,
    },
    preview: { argv, program, env, back: { argv: ['/opt/ops/back', ...argv.slice(1)], program, env } },
    undo: { ...of, back: true },
  };
  const plan = aPlan({ step });
  const text = blockTexts(draw('pending', { plan }).blocks).join('\n');
  expect(text).toContain(`runs ${argv.join(' ')}, with NAME_0 from file:/kkk`);
  for (const { name, from } of env) expect(text).toContain(`${name} from ${from}`);
  expect(text).toContain(`undo: run /opt/ops/back ${argv.slice(1).join(' ')}`);
});

test('the buttons say nothing but the approval and the hash of what was shown', () => {
  const hash = planHash(aPlan());
  for (const { action, value } of buttonsOf(draw('pending').blocks)) {
    const decision = action.split(':')[1];
    expect(readButton(action, value)).toEqual({ kind: 'approval', decision, approval: 'A-3', hash });
    expect(JSON.parse(value)).toEqual({ approval: 'A-3', hash });
  }
});

test('a card that was decided has lost its buttons, names who decided and when, and still says what it was about', () => {
  const decisions = [{ by: bob, at: T0 + 2 * 60_000, via: 'slack', roles: ['approver'] }];
  const done = draw('verified', { over: { decisions } });
  expect(actionsOf(done.blocks)).toEqual([]);
  expect(done.text).toBe(
    'Roll back checkout v42 → v41 in demo: A-3 was approved by bob at 03:14; done and verified (#58)',
  );
  expect(blockTexts(done.blocks)[0]).toContain('*Roll back checkout v42 → v41 in demo*');
});

test.each([
  ['pending', ['decision:approve', 'decision:deny']],
  ['approved', ['decision:revoke']],
  ['started', []],
  ['rejected', []],
  ['expired', ['decision:again']],
  ['withdrawn', ['decision:again']],
  ['invalidated', ['decision:again']],
  ['recorded', []],
  ['quarantined', []],
] as const)('a proposal that is %s offers exactly what can still be done', (state, actions) => {
  expect(actionsOf(draw(state).blocks)).toEqual(actions);
});

test('nobody is offered a new proposal of an incident that is closed or in somebody’s hands', () => {
  expect(actionsOf(draw('expired', { facts: { canAskAgain: false } }).blocks)).toEqual([]);
});

test('a reminder and the people who are asked are on the card only while it waits', () => {
  const facts = { reminded: true, mentions: ['U0BOB'] };
  const open = blockTexts(draw('pending', { facts }).blocks).join('\n');
  expect(open).toContain('For <@U0BOB>');
  expect(open).toContain('*Reminder:* half of the time is over and nobody has answered.');
  const over = blockTexts(draw('expired', { facts }).blocks).join('\n');
  expect(over).not.toContain('<@');
  expect(over).not.toContain('Reminder');
});

test('the form for a typed yes shows the effect again and asks for the name, under the same approval and hash', () => {
  const plan = aPlan();
  const hash = planHash(plan);
  const view = approveModal(approvalCard(plan, hash), { targets: targetsOf(plan), zone: 'UTC' });
  expect(view).toMatchObject({ type: 'modal', callback_id: 'decision:approve' });
  expect(readButton(view?.callback_id ?? '', view?.private_metadata ?? '')).toEqual({
    kind: 'approval',
    decision: 'approve',
    approval: 'A-3',
    hash,
  });
  expect(JSON.stringify(view?.blocks)).toContain(
    'Roll back checkout v42 → v41 in demo: version v42 → v41, 2 instances restart',
  );
  expect(view?.blocks.at(-1)).toMatchObject({ type: 'input', block_id: 'typed', hint: { text: 'checkout' } });
});

test('a name that must be typed is shown as code, where no sign is a look-alike, so that it can be copied', () => {
  const lines = blockTexts(draw('pending', { plan: aPlan({ plan: { tier: 'R3' } }) }).blocks).join('\n');
  expect(lines).toContain('; each types `checkout`');
});

test('a title that had to be cut stands whole below', () => {
  const version = 'x'.repeat(40);
  const service = 'a-service-with-a-long-name-that-takes-nearly-all-of-the-room';
  const preview = {
    before: { version, replicas: 2 },
    after: { version: `${version}y`, replicas: 2 },
    instances: 2,
  };
  const target = {
    ref: `service:${service}`,
    service,
    environment: 'production-eu',
    uid: 'u',
    generation: 1,
  };
  const { blocks } = draw('pending', { plan: aPlan({ step: { preview, target } }) });
  expect(blockTexts(blocks)[0]?.split('\n')[0]).toMatch(/…\*$/);
  expect(blockTexts(blocks).join('\n')).toContain('in production-eu: version');
});
