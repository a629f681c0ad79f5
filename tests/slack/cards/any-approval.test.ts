import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ApprovalState } from '#approvals/approval.ts';
import { aPlan } from '../../views/a-plan.ts';
import { draw } from './a-card.ts';
import { blockTexts, overLimits, specials, textsOf, withoutOurs } from './limits.ts';

/** Anything that a driver may report, also what would mean something to Slack. */
const foreign = fc.oneof(
  fc.string({ unit: fc.constantFrom(...'<>&*_~`@#!:|^v4 .-/'), maxLength: 60 }),
  fc.constantFrom(
    '<!channel>',
    '<@U0ALL>',
    '*x*',
    '<https://a.example|b>',
    '&lt;!here&gt;',
    '```',
    '_v1_',
    '-> v2',
  ),
  fc.string({ unit: 'grapheme-ascii', maxLength: 300 }).map((text) => text.replace(/[^\x20-\x7e]/g, '.')),
);
const name = fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,61}[a-z0-9]$/);
const plans = fc
  .record({
    service: name,
    environment: foreign.map((text) => text.slice(0, 60)),
    before: foreign,
    after: foreign,
    manual: foreign,
    tier: fc.constantFrom('R2', 'R3'),
    steps: fc.integer({ min: 1, max: 5 }),
    tool: fc.constantFrom('service_rollback', 'service_restart', 'service_scale'),
  })
  .map(({ service, environment, before, after, manual, tier, steps, tool }) => {
    const target = `service:${service}`;
    const change =
      tool === 'service_rollback'
        ? { tool, target, to: `deploy:${service}@-1` }
        : tool === 'service_restart'
          ? { tool, target }
          : { tool, target, replicas: 1000 };
    const plan = aPlan({
      step: {
        ...{ tool, tier, change, manual, touches: [service, 'gateway'] },
        target: { ref: target, service, environment, uid: 'u', generation: 1 },
        preview: {
          before: { version: before, replicas: 999 },
          after: { version: after, replicas: 1000 },
          instances: 1000,
        },
        undo:
          tool === 'service_rollback'
            ? { tool, version: before }
            : tool === 'service_scale'
              ? { tool, replicas: 999 }
              : null,
      },
      plan: { service, tier },
    });
    return { ...plan, steps: Array.from({ length: steps }, () => plan.steps.slice(0, 1)).flat() };
  });
const states = fc.constantFrom<ApprovalState>(
  'pending',
  'approved',
  'expired',
  'verified',
  'recorded',
  'failed',
);

test('any card fits into what Slack takes', () => {
  fc.assert(
    fc.property(plans, states, (plan, state) => {
      expect(overLimits(draw(state, { plan }))).toEqual([]);
    }),
  );
});

test('whatever it is made of, the target, the effect, the undo and the expiry are within the first 200 characters', () => {
  fc.assert(
    fc.property(plans, (plan) => {
      const { text, blocks } = draw('pending', { plan });
      const verb = {
        ...{ service_rollback: 'Roll back', service_restart: 'Restart', service_scale: 'Scale' },
        ...{ node_cordon: 'Cordon', alert_silence: 'Silence', operator_action: 'Run' },
      };
      const step = plan.steps[0];
      const expires = `Expires <!date^${Math.floor(plan.expiresAt / 1000)}^{time}|03:27>`;
      for (const head of [text.slice(0, 200), (blockTexts(blocks)[0] ?? '').slice(0, 200)]) {
        expect(head).toContain(verb[step?.tool ?? 'service_scale']);
        expect(withoutLookAlikes(head)).toContain(plan.service);
        expect(head).toMatch(/Undo: \S/);
        expect(head).toContain(expires);
      }
    }),
  );
});

/** A dot before letters is shown as one that makes no link. */
const withoutLookAlikes = (text: string) => text.replaceAll('․', '.').replaceAll('ˍ', '_');

test('no foreign text on a card can mention, link, format or reach a channel', () => {
  fc.assert(
    fc.property(plans, states, (plan, state) => {
      const message = draw(state, { plan, facts: { mentions: ['U0BOB'] } });
      for (const text of textsOf(message)) expect(specials(withoutOurs(text, ['U0BOB']))).toEqual([]);
    }),
  );
});
