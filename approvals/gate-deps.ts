import type { Expect, Log } from '#audit/log.ts';
import type { Clock, Random } from '#core/clock.ts';
import type { Digest } from '#core/ids.ts';
import type { CallNumbers } from '#incidents/call-numbers.ts';
import { approvalStream, incidentStream, stopStream, targetStream } from '#incidents/entry.ts';
import type { IncidentFold } from '#incidents/incident-fold.ts';
import type { Inventory } from '#incidents/inventory.ts';
import type { Approval } from './approval.ts';
import type { ApprovalFold } from './approval-fold.ts';
import type { People } from './people.ts';
import type { PermitSigner } from './permit.ts';
import type { Plan, Step } from './plan.ts';
import type { Policy, StopFlags } from './policy.ts';

/** What the gate works with: the log, the folds of it, and what the config says. */
export type GateDeps = {
  readonly log: Log;
  readonly clock: Clock;
  readonly random: Random;
  readonly incidents: IncidentFold;
  readonly numbers: CallNumbers;
  readonly approvals: ApprovalFold;
  readonly inventory: Inventory;
  readonly policy: Policy;
  readonly people: People;
  /** Id of this server start. */
  readonly boot: string;
  /** Signs permits with the key of this start. */
  readonly signer: PermitSigner;
  readonly flags: () => StopFlags;
  /** Digest of the card that people see for a plan. */
  readonly cardDigest: (plan: Plan, hash: Digest) => Digest;
  /** `changes`: how many one incident may start, undos not counted. */
  readonly limits: { readonly changes: number };
  readonly timing: {
    readonly approvalMs: number;
    readonly verify: { samples: number; everyMs: number; windowMs: number };
  };
};

/** The versions that a claim must find unchanged when it is appended. */
export function claimExpect(log: Log, approval: Approval, step: Step): Expect {
  const streams = [
    incidentStream(approval.plan.incident),
    approvalStream(approval.id),
    targetStream(step.target.ref),
    stopStream,
  ];
  return Object.fromEntries(streams.map((stream) => [stream, log.version(stream)]));
}
