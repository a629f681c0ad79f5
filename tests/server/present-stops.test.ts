import { expect, test } from 'vitest';
import { PersonId } from '#core/ids.ts';
import { fact, SYSTEM } from '#incidents/entry.ts';
import { aPresent } from './a-present.ts';

const by = PersonId.parse('alice');
const off = (on: boolean) => fact('off.set', { on, by }, { actor: SYSTEM, traceId: 'stop' });

test('everything off stands on the open cards and the proposals that wait, as an edit, and goes again', async () => {
  const rig = await aPresent();
  await rig.play('approval.approved');
  await rig.clock.advance(5_000);
  const messages = rig.slack.messages.length;
  await rig.append(off(true));
  await rig.clock.advance(5_000);
  for (const what of ['card', 'approval'] as const)
    expect(rig.now(what)).toMatch(/Everything is off since .*\(alice\): no approval counts/);
  await rig.append(off(false));
  await rig.clock.advance(5_000);
  for (const what of ['card', 'approval'] as const) expect(rig.now(what)).not.toContain('Everything is off');
  expect(rig.slack.messages).toHaveLength(messages);
  expect(rig.errors).toEqual([]);
});
