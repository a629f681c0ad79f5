import { type Plan, planHash } from '#approvals/plan.ts';
import { openFileLog } from '#audit/file-log.ts';
import type { EntryDraft } from '#audit/log.ts';
import { realClock, realRandom } from '#core/clock.ts';
import { sha256 } from '#core/hash.ts';
import { ApprovalId, type Digest, RunId, ServiceId, SessionKey } from '#core/ids.ts';
import { approvalStream, countStream, fact, incidentStream, SYSTEM } from '#incidents/entry.ts';
import { approvalCard, cardDigest } from '#views/approval-card.ts';
import { anIncident, INCIDENT } from '../kill/parts.ts';

export const APPROVAL = ApprovalId.parse('A-1');
const CHECKOUT = ServiceId.parse('checkout');

/** Writes a log in which a restart of checkout waits for a person, and gives the plan's hash. */
export async function seed(dir: string, more: readonly EntryDraft[] = []): Promise<Digest> {
  const log = await openFileLog({ dir, clock: realClock, random: realRandom });
  const plan = aPlan(realClock.now());
  const hash = planHash(plan);
  const body = {
    approval: APPROVAL,
    hash,
    cardDigest: cardDigest(approvalCard(plan, hash)),
    mode: 'act',
    plan,
  } as const;
  const streams = [countStream('approval'), incidentStream(INCIDENT), approvalStream(APPROVAL)];
  const context = { actor: SYSTEM, traceId: 't', incident: INCIDENT, streams };
  await log.append([...anIncident(realClock), fact('approval.requested', body, context), ...more]);
  await log.close();
  return hash;
}

function aPlan(now: number): Plan {
  const shape = { version: 'v41', replicas: 2 };
  return {
    v: 1,
    approval: APPROVAL,
    incident: INCIDENT,
    session: SessionKey.parse('agent:remediation:subagent:00000000-0000-4000-8000-000000000001'),
    run: RunId.parse('run-1'),
    requestedBy: [],
    service: CHECKOUT,
    environment: 'prod',
    cause: 'bad_deploy',
    confidence: 86,
    evidence: [],
    tier: 'R2',
    steps: [
      {
        tool: 'service_restart',
        toolVersion: 1,
        tier: 'R2',
        change: { tool: 'service_restart', target: 'service:checkout' },
        target: {
          ref: 'service:checkout',
          service: CHECKOUT,
          environment: 'prod',
          uid: 'u-1',
          generation: 1,
        },
        preview: { before: shape, after: shape, instances: 2 },
        undo: null,
        touches: [CHECKOUT],
        deadlineMs: 10_000,
        manual: 'by hand',
      },
    ],
    verification: {
      service: CHECKOUT,
      signal: 'error_ratio',
      low: '0',
      high: '0.02',
      samples: 2,
      everyMs: 1000,
      windowMs: 60_000,
    },
    policyVersion: sha256('policy'),
    inventoryVersion: sha256('inventory'),
    createdAt: now,
    expiresAt: now + 15 * 60_000,
    nonce: '0'.repeat(32),
  };
}
