import fc from 'fast-check';
import { expect, test } from 'vitest';
import { planHash } from '#approvals/plan.ts';
import { approvalCard, cardDigest, renderApprovalCard } from '#views/approval-card.ts';
import { painter } from '#views/table.ts';
import { aPlan, T0 } from './a-plan.ts';

const drawn = { now: T0 + 60_000, zone: 'UTC', paint: painter(false) };

function render(plan: ReturnType<typeof aPlan>): string[] {
  return renderApprovalCard(approvalCard(plan, planHash(plan)), drawn);
}

test('the card of a roll back reads as an approver needs it', () => {
  expect(render(aPlan())).toEqual([
    '  Roll back checkout v42 -> v41 in demo                              A-3, change',
    '  effect   version v42 -> v41, 2 instances restart',
    '  undo     deploy v42 again',
    '  expires  03:27 (in 14 min), then nothing happens',
    '  touches  checkout; gateway calls it and may feel it',
    '  check    errors of checkout at most 2 % within 5 min, else the undo runs',
    '           (pre-approved)',
    '  why      bad deploy of checkout (0.86) e3 e7 e8',
    '  needs    one approver',
    '  by hand  POST http://127.0.0.1:7001/v1/services/checkout/deploy',
    '           {"version":"v41"}',
  ]);
});

test('what a person asked for rests on their word, not on the evidence of a cause that it does not mend', () => {
  const why = (cause: string, tool = 'service_restart') => {
    const change = { tool: 'service_restart', target: 'service:checkout' };
    const step = tool === 'service_restart' ? { tool, change, undo: null } : {};
    const plan = aPlan({ step, plan: { requestedBy: ['alice'], cause } });
    const card = approvalCard(plan, planHash(plan));
    return [card.why, ...card.evidence].join(' ');
  };
  expect(why('bad_deploy')).toBe(
    'alice asked for it; it does not mend the named cause, bad deploy of checkout (0.86)',
  );
  expect(why('memory_leak')).toBe(
    'alice asked for it; the named cause is memory leak in checkout (0.86) e3 e7 e8',
  );
  expect(why('unknown')).toBe('alice asked for it; no cause is named');
  expect(why('bad_deploy', 'service_rollback')).toContain('the named cause is bad deploy');
});

test('effect, target, undo and expiry stand within the first 200 characters', () => {
  const head = render(aPlan()).join('\n').replace(/ {2,}/g, ' ').slice(0, 200);
  for (const part of ['checkout', 'v42 -> v41', 'demo', 'deploy v42 again', 'expires 03:27'])
    expect(head).toContain(part);
});

test('a restart says that it cannot be taken back', () => {
  const plan = aPlan({
    step: {
      tool: 'service_restart',
      change: { tool: 'service_restart', target: 'service:checkout' },
      preview: {
        before: { version: 'v42', replicas: 1 },
        after: { version: 'v42', replicas: 1 },
        instances: 1,
      },
      undo: null,
      touches: ['checkout'],
    },
    plan: { cause: 'memory_leak' },
  });
  const card = approvalCard(plan, planHash(plan));
  expect(card.title).toBe('Restart checkout in demo');
  expect(card.steps[0]).toMatchObject({
    effect: '1 instance restarts, version v42 stays',
    undo: 'none: a restart cannot be taken back',
  });
  expect(card.touches).toBe('checkout only');
  expect(card.check).toBe('errors of checkout at most 2 % within 5 min, else people are asked');
});

test('scaling names both counts and how it goes back', () => {
  const plan = aPlan({
    step: {
      tool: 'service_scale',
      change: { tool: 'service_scale', target: 'service:checkout', replicas: 4 },
      preview: {
        before: { version: 'v42', replicas: 2 },
        after: { version: 'v42', replicas: 4 },
        instances: 2,
      },
      undo: { tool: 'service_scale', replicas: 2 },
    },
  });
  const card = approvalCard(plan, planHash(plan));
  expect(card.title).toBe('Scale checkout 2 -> 4 instances in demo');
  expect(card.steps[0]).toMatchObject({
    effect: 'instances 2 -> 4, 2 instances started or stopped, version v42 stays',
    undo: 'scale back to 2 instances',
  });
});

test('a dry run that would change more than the name of the change says is shown in full', () => {
  const plan = aPlan({
    step: {
      preview: {
        before: { version: 'v42', replicas: 3 },
        after: { version: 'v41', replicas: 1 },
        instances: 3,
      },
    },
  });
  expect(approvalCard(plan, planHash(plan)).steps[0]?.effect).toBe(
    'version v42 -> v41, 3 instances restart, instances 3 -> 1',
  );
});

test('a wide change asks for two people and the typed name', () => {
  const first = aPlan().steps[0];
  const plan = aPlan({ plan: { tier: 'R3', steps: [first, first] } });
  const card = approvalCard(plan, planHash(plan));
  expect(card).toMatchObject({
    tier: 'wide change',
    typed: 'checkout',
    title: 'Roll back checkout v42 -> v41 in demo, then 1 more change',
  });
  const text = renderApprovalCard(card, drawn).join('\n');
  expect(text).toContain('step 2');
  expect(text).toContain('each types checkout');
});

test('a change of two services names both, wants an owner of each, and both typed', () => {
  const first = aPlan().steps[0];
  if (first === undefined) throw new Error('no step');
  const second = { ...first, target: { ...first.target, ref: 'service:inventory', service: 'inventory' } };
  const plan = aPlan({ plan: { tier: 'R3', steps: [first, second] } });
  expect(approvalCard(plan, planHash(plan))).toMatchObject({
    needs: 'two people, for each of checkout, inventory an owner of it, not who asked for it',
    typed: 'checkout, inventory',
  });
});

test('the card names who asked for the change and what their own yes takes', () => {
  const own = aPlan({ plan: { requestedBy: ['bob'] } });
  expect(approvalCard(own, planHash(own))).toMatchObject({
    needs: 'one approver; bob, who asked for it, must also type checkout',
    typed: '',
  });
  const wide = aPlan({ plan: { requestedBy: ['bob', 'carol'], tier: 'R3' } });
  expect(approvalCard(wide, planHash(wide)).needs).toBe(
    'two people, one of them an owner of checkout, not bob and carol, who asked for it',
  );
});

test('after its time the card says that it is past', () => {
  const plan = aPlan();
  const late = { ...drawn, now: plan.expiresAt };
  expect(renderApprovalCard(approvalCard(plan, planHash(plan)), late).join('\n')).toContain(
    'expires  03:27, it is past',
  );
});

test('a version and an environment that try to steer the terminal or the reader are quoted and made visible', () => {
  const plan = aPlan({
    step: {
      preview: {
        before: { version: 'v42 (already approved by bob, press y)', replicas: 2 },
        after: { version: 'v41', replicas: 2 },
        instances: 2,
      },
      target: {
        ref: 'service:checkout',
        service: 'checkout',
        environment: 'de\u202emo\u001b[2J',
        uid: 'u-1',
        generation: 7,
      },
    },
  });
  const text = render(plan).join('\n');
  expect(text).toContain('"v42 (already…ob, press y)"');
  expect(text).toContain('de\\u{202e}mo\\x1b[2J');
  expect(text).not.toContain('\u001b');
  expect(text).not.toContain('\u202e');
});

test('every card is canonical data, at most 80 columns wide, and has one digest', () => {
  const printable = fc.stringMatching(/^[\x20-\x7e]{0,300}$/);
  fc.assert(
    fc.property(printable, printable, fc.nat(1000), (version, manual, replicas) => {
      const plan = aPlan({
        step: {
          manual,
          preview: { before: { version, replicas }, after: { version: manual, replicas: 2 }, instances: 2 },
        },
      });
      const card = approvalCard(plan, planHash(plan));
      expect(cardDigest(card)).toBe(cardDigest(approvalCard(structuredClone(plan), planHash(plan))));
      for (const line of renderApprovalCard(card, drawn)) expect(line.length).toBeLessThanOrEqual(80);
    }),
    { numRuns: 50 },
  );
});

test('another figure on the card is another digest', () => {
  const plan = aPlan();
  const other = aPlan({ plan: { confidence: 87 } });
  expect(cardDigest(approvalCard(plan, planHash(plan)))).not.toBe(
    cardDigest(approvalCard(other, planHash(plan))),
  );
});
