import { expect, test } from 'vitest';
import type { Approval } from '#approvals/approval.ts';
import { planHash } from '#approvals/plan.ts';
import { ApprovalId, PersonId } from '#core/ids.ts';
import type { Incident } from '#incidents/incident.ts';
import { IncidentFold } from '#incidents/incident-fold.ts';
import { approvalWarnings, stopLine } from '#slack/cards/warnings.ts';
import { aPlan, T0 } from '../../views/a-plan.ts';
import { storyEntries } from '../../views/a-story.ts';
import { draw } from './a-card.ts';
import { blockTexts } from './limits.ts';

const running = { off: false, frozen: false, by: null, at: null };
const seen = (text: string | null) => (text ?? '').replace(/<!date\^\d+\^[^|]+\|([^>]+)>/g, '$1');

function waiting(id: string, over: { plan?: object; step?: object } = {}): Approval {
  const plan = aPlan({ ...over, plan: { approval: id, ...over.plan } });
  const hash = planHash(plan);
  return {
    ...{
      id: ApprovalId.parse(id),
      plan,
      hash,
      cardDigest: hash,
      mode: 'act',
      state: 'pending',
      reason: null,
    },
    ...{ requestedAt: T0, at: T0, seq: 1, decisions: [], calls: [], inBand: 0, samples: 0 },
    ...{ reminded: false, undo: 'none' },
  };
}

function anIncident(): Incident {
  const fold = new IncidentFold();
  for (const entry of storyEntries('approval.approved')) fold.apply(entry);
  const [incident] = fold.current();
  if (incident === undefined) throw new Error('no incident');
  return incident;
}

test('a stop says what it is, since when, by whom and who ends it', () => {
  expect(stopLine(running, 'UTC')).toBeNull();
  expect(seen(stopLine({ ...running, off: true, frozen: true, by: 'alice', at: T0 }, 'UTC'))).toBe(
    'Everything is off since 03:12 (alice): no approval counts until an owner says /firebreak on.',
  );
  expect(seen(stopLine({ ...running, frozen: true, by: 'bob', at: T0 }, 'UTC'))).toBe(
    'Changes are frozen since 03:12 (bob): no approval counts until an owner says /firebreak freeze off.',
  );
});

test('an approver sees the stop, the word against the cause and what else waits for the same target, before the buttons', () => {
  const own = waiting('A-3');
  const twin = waiting('A-4', { plan: { incident: 'INC-2' } });
  const target = {
    ...{ ref: 'service:inventory', service: 'inventory', environment: 'demo' },
    ...{ uid: 'u-2', generation: 1 },
  };
  const other = waiting('A-5', { step: { target } });
  const over = { ...waiting('A-6'), state: 'expired' } as const;
  const verdict = {
    by: PersonId.parse('bob'),
    right: false,
    cause: null,
    service: null,
    at: T0,
    readAnew: false,
  };
  const about = { incident: { ...anIncident(), verdict }, all: [own, twin, other, over], zone: 'UTC' };
  const warnings = approvalWarnings(own, { ...about, stops: { ...running, off: true, by: 'alice', at: T0 } });
  expect(warnings.map(seen)).toEqual([
    '*Everything is off since 03:12 (alice): no approval counts until an owner says /firebreak on.*',
    '*The named cause is wrong, says bob.*',
    'Also waits: `A-4` of INC-2, Roll back checkout v42 → v41 in demo: the same target. Once one is carried out, the other is withdrawn.',
  ]);
  expect(approvalWarnings(over, { ...about, stops: running })).toEqual([]);
  const { blocks } = draw('pending', { facts: { warnings } });
  expect(blocks.map(({ type }) => type).slice(0, 3)).toEqual(['section', 'section', 'actions']);
  expect(blockTexts(blocks)[1]).toBe(warnings.join('\n'));
});
