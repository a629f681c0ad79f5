import { expect, test } from 'vitest';
import { ApprovalId, PersonId } from '#core/ids.ts';
import { aPresent, say } from './a-present.ts';

const bob = PersonId.parse('bob');

test('whoever said no is not called for help about it; the others are', async () => {
  const rig = await aPresent();
  await rig.play('approval.approved');
  await rig.append(
    say('approval.rejected', { approval: ApprovalId.parse('A-3'), by: bob, via: 'slack' }),
    say('incident.escalated', { reason: 'denied', missing: [] }),
  );
  await rig.clock.advance(3_000);
  expect(rig.now('notice')).toContain('<@U0ALICE> INC-1: people must take it: a person said no');
  expect(rig.now('notice')).not.toContain('U0BOB');
});

test('nor is whoever said that the cause is wrong, and an escalation for another reason calls them as before', async () => {
  const rig = await aPresent();
  await rig.play('approval.approved');
  const verdict = { by: bob, right: false, cause: null, service: null };
  await rig.append(
    say('verdict.given', verdict),
    say('incident.escalated', { reason: 'cause_refuted', missing: [] }),
  );
  await rig.clock.advance(3_000);
  expect(rig.now('notice')).not.toContain('U0BOB');
  const other = await aPresent();
  await other.play('approval.approved');
  await other.append(say('incident.escalated', { reason: 'expired', missing: [] }));
  await other.clock.advance(3_000);
  expect(other.now('notice')).toContain('<@U0BOB>');
});
