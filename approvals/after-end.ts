import type { ApprovalId } from '#core/ids.ts';
import { approvalStream, fact } from '#incidents/entry.ts';
import type { Approval, ApprovalState } from './approval.ts';
import { approvalContext } from './end.ts';
import type { GateDeps } from './gate-deps.ts';
import { isActive } from './lapse.ts';
import { may, type Person } from './people.ts';
import { recordRefused } from './record-refused.ts';

/** What a person may still say of a plan that code is done with. */
export type AfterEnd =
  /** What became of a change whose effect nobody could find out; frees its targets. */
  | { readonly kind: 'release'; readonly effect: 'happened' | 'did_not_happen' }
  /** Everything is to be read anew, which may lead to a new plan; the old one stays as it is. */
  | { readonly kind: 'again' };
export type AfterEndRefusal =
  | 'not_found'
  | 'not_allowed'
  | 'not_quarantined'
  | 'not_over'
  | 'incident_closed';
export type AfterEndSaid =
  | { readonly kind: 'said'; readonly approval: Approval }
  | { readonly kind: 'refused'; readonly reason: AfterEndRefusal; readonly approval: Approval | null };
export type AfterEndInput = {
  readonly approval: ApprovalId;
  readonly person: Person;
  readonly wanted: AfterEnd;
  /** The request that carried it. */
  readonly trace?: string;
};

/** A plan that ended like this was neither refused by a person nor carried out: it may be looked at anew. */
const undecided: ReadonlySet<ApprovalState> = new Set(['expired', 'withdrawn', 'invalidated']);

/** Takes what a person says of a plan that has ended; a no is recorded like any other. Of two releases at once, one is taken. */
export async function sayAfterEnd(deps: GateDeps, input: AfterEndInput): Promise<AfterEndSaid> {
  const { person, wanted, trace } = input;
  for (;;) {
    const approval = deps.approvals.get(input.approval);
    const reason = approval === undefined ? 'not_found' : refusalOf(deps, approval, input);
    if (approval === undefined || reason !== undefined) {
      const what = wanted.kind === 'again' ? ('ask_again' as const) : wanted.kind;
      const refused = { by: person.id, what, reason: reason ?? 'not_found' };
      const about = { incident: approval?.plan.incident, trace };
      await recordRefused(deps.log, { ...refused, approval: input.approval }, about);
      return { kind: 'refused', reason: reason ?? 'not_found', approval: approval ?? null };
    }
    const stream = approvalStream(approval.id);
    const expect = { [stream]: deps.log.version(stream) };
    const appended = await deps.log.append([draftOf(approval, input)], { expect });
    if (appended.kind === 'appended') return { kind: 'said', approval };
  }
}

function refusalOf(
  { incidents }: GateDeps,
  { state, plan }: Approval,
  { person, wanted }: AfterEndInput,
): AfterEndRefusal | undefined {
  if (wanted.kind === 'release') {
    if (!may(person, 'decide')) return 'not_allowed';
    return state === 'quarantined' ? undefined : 'not_quarantined';
  }
  if (!may(person, 'propose')) return 'not_allowed';
  if (!undecided.has(state)) return 'not_over';
  const incident = incidents.get(plan.incident);
  return incident !== undefined && isActive(incident) ? undefined : 'incident_closed';
}

function draftOf(approval: Approval, { person, wanted, trace }: AfterEndInput) {
  const actor = { kind: 'person', id: person.id } as const;
  const context = { ...approvalContext(approval), actor, ...(trace !== undefined && { traceId: trace }) };
  const said = { approval: approval.id, by: person.id };
  return wanted.kind === 'release'
    ? fact('action.released', { ...said, effect: wanted.effect }, context)
    : fact('approval.asked_again', said, context);
}
