import type { StopFlags } from '#approvals/policy.ts';
import type { LogHealth } from '#audit/log.ts';
import type { Hold } from '#views/status.ts';
import type { ExecutorHealth } from './executor/keeper.ts';

export type HoldsInput = {
  readonly flags: StopFlags;
  readonly log: LogHealth;
  /** Null where the config has no credential for changes. */
  readonly executor: ExecutorHealth | null;
};

/** Why no change is started now, beside the stops that people set: what status and health name. Empty = nothing holds one. */
export function holdsOf({ flags, log, executor }: HoldsInput): readonly Hold[] {
  const holds: Hold[] = [];
  if (log.kind === 'failed') holds.push({ reason: 'log_failed', detail: log.reason });
  if (flags.tampered) holds.push({ reason: 'log_tampered', detail: null });
  else if (flags.unverified) holds.push({ reason: 'log_unverified', detail: null });
  if (flags.unreadLog) holds.push({ reason: 'entries_unread', detail: null });
  if (flags.clockJumped) holds.push({ reason: 'clock_behind', detail: null });
  if (executor !== null && executor.kind !== 'up') {
    const reason = executor.kind === 'down' ? 'executor_down' : 'executor_starting';
    holds.push({ reason, detail: executor.why });
  }
  return holds;
}
