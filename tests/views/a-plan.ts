import { Plan } from '#approvals/plan.ts';

/** 03:12:00 UTC on the day of all view tests. */
export const T0 = Date.UTC(2026, 0, 5, 3, 12, 0);

const digest = 'ab'.repeat(32);

/** A roll back of checkout in the demo, as the gate would put it before people. */
export function aPlan(over: { step?: object; plan?: object } = {}): Plan {
  return Plan.parse({
    v: 1,
    approval: 'A-3',
    incident: 'INC-1',
    session: 'agent:remediation:subagent:1',
    run: 'run-4',
    requestedBy: [],
    service: 'checkout',
    environment: 'demo',
    cause: 'bad_deploy',
    confidence: 86,
    evidence: ['e3', 'e7', 'e8'],
    tier: 'R2',
    steps: [
      {
        tool: 'service_rollback',
        toolVersion: 1,
        tier: 'R2',
        change: { tool: 'service_rollback', target: 'service:checkout', to: 'deploy:checkout@-1' },
        target: {
          ref: 'service:checkout',
          service: 'checkout',
          environment: 'demo',
          uid: 'u-1',
          generation: 7,
        },
        preview: {
          before: { version: 'v42', replicas: 2 },
          after: { version: 'v41', replicas: 2 },
          instances: 2,
        },
        undo: { tool: 'service_rollback', version: 'v42' },
        touches: ['checkout', 'gateway'],
        deadlineMs: 60_000,
        manual: 'POST http://127.0.0.1:7001/v1/services/checkout/deploy {"version":"v41"}',
        ...over.step,
      },
    ],
    verification: {
      service: 'checkout',
      signal: 'error_ratio',
      low: '0',
      high: '0.02',
      samples: 5,
      everyMs: 1000,
      windowMs: 5 * 60_000,
    },
    policyVersion: digest,
    inventoryVersion: digest,
    createdAt: T0 + 20_000,
    expiresAt: T0 + 15 * 60_000,
    nonce: '0'.repeat(32),
    ...over.plan,
  });
}
