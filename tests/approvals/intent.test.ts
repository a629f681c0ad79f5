import { expect, test } from 'vitest';
import { decide } from '#approvals/decide.ts';
import { claim } from '#approvals/gate.ts';
import { propose } from '#approvals/propose.ts';
import type { Log } from '#audit/log.ts';
import { FirebreakError } from '#core/errors.ts';
import { aCaller, aGate, aPerson, aStep } from './a-gate.ts';

test('when the log cannot take the intent there is no permit', async () => {
  const { deps, log, clock, approvals } = await aGate();
  const result = await propose(deps, { caller: aCaller(clock), steps: [aStep()] });
  if (result.kind !== 'requested') throw new Error(result.reason);
  const approval = approvals.get(result.approval);
  if (approval === undefined) throw new Error('not folded');
  const { id, hash } = approval;
  const yes = { decision: 'approve', person: aPerson('alice'), via: 'api', typed: null } as const;
  await decide(deps, { approval: id, hash, ...yes });
  const append: Log['append'] = async (drafts, options) => {
    if (drafts.some((draft) => draft.kind === 'tool.intended'))
      throw new FirebreakError('log_append_failed', 'disk full');
    return log.append(drafts, options);
  };
  const full = { ...deps, log: { ...log, append } };
  await expect(claim(full, id, async () => 'same')).rejects.toThrow('disk full');
  expect(approval.calls).toEqual([]);
});
