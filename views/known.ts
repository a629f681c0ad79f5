import type { Approval } from '#approvals/approval.ts';
import type { BodyOf } from '#incidents/entry.ts';
import type { Incident } from '#incidents/incident.ts';

/** What a reader of the log remembers of the entries before this one. */
export type Known = {
  /** As it stands after the entry. */
  readonly incident?: Incident;
  readonly approval?: Approval;
  /** The intent that a finished call belongs to. */
  readonly call?: BodyOf<'tool.intended'>;
  /** The last sample of a change that is being watched. */
  readonly sample?: BodyOf<'action.sampled'>;
  readonly zone: string;
};
