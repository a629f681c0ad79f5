import type { Approval } from '#approvals/approval.ts';
import { inert } from '#core/inert.ts';
import type { BodyOf, Fact } from '#incidents/entry.ts';
import { approvalCard } from './approval-card.ts';
import type { Known } from './known.ts';
import { count, signalValue } from './numbers.ts';
import { type StoryLine, told } from './story.ts';
import { hourMinute } from './time.ts';
import { plainReason, signalWords } from './words.ts';

/** Proposals, decisions and what became of the change. */
export function narrateApproval(fact: Fact, known: Known): StoryLine[] {
  const at = fact.entry.ts;
  const say = (who: string, what: string, ref: string) => [told(at, who, { what, ref })];
  switch (fact.kind) {
    case 'change.requested':
      return say('wish', wishWords(fact.body), '');
    case 'approval.requested':
      return requested(fact.body, { at, known });
    case 'approval.approved':
      return say(
        'approved',
        `by ${fact.body.by} (${fact.body.via})${fact.body.complete ? '' : ', one more person is needed'}`,
        fact.body.approval,
      );
    case 'approval.rejected':
      return say('denied', `by ${fact.body.by} (${fact.body.via}); nothing is done`, fact.body.approval);
    case 'approval.expired':
      return say('expired', 'nobody decided in time; nothing is done', fact.body.approval);
    case 'approval.reminded':
      return say('reminder', 'nobody has answered yet', fact.body.approval);
    case 'approval.asked_again':
      return say('again', `${fact.body.by} wants it looked at anew`, fact.body.approval);
    case 'approval.withdrawn':
      return say(
        'withdrawn',
        `${plainReason(fact.body.reason)}${fact.body.by === undefined ? '' : ` ${fact.body.by}`}; nothing is done`,
        fact.body.approval,
      );
    case 'approval.superseded':
      return say('replaced', `by the newer proposal ${fact.body.by}`, fact.body.approval);
    case 'approval.revoked':
      return say('revoked', `by ${fact.body.by}; nothing is done`, fact.body.approval);
    case 'approval.invalidated':
      return say('stopped', `not carried out: ${plainReason(fact.body.reason)}`, fact.body.approval);
    default:
      return narrateAction(fact, known);
  }
}

function requested(
  body: BodyOf<'approval.requested'>,
  { at, known }: { at: number; known: Known },
): StoryLine[] {
  const { approval } = known;
  const title = approval === undefined ? 'a change' : approvalCard(approval.plan, approval.hash).title;
  const proposed = told(at, 'proposed', { what: title, ref: body.approval });
  if (body.mode !== 'act')
    return [proposed, told(at, '', { what: `recorded only: mode is ${body.mode}, nobody is asked` })];
  if (approval === undefined) return [proposed];
  return [
    proposed,
    told(at, '', {
      what: `waits until ${hourMinute(approval.plan.expiresAt, known.zone)}, then nothing happens`,
    }),
  ];
}

function narrateAction(fact: Fact, { approval, sample }: Known): StoryLine[] {
  const at = fact.entry.ts;
  const say = (who: string, what: string, ref: string) => [told(at, who, { what, ref })];
  switch (fact.kind) {
    case 'action.reconciled':
      return say('checked', `the change ${happened(fact.body.effect)}`, fact.body.approval);
    case 'action.quarantined':
      return say(
        'unknown',
        'whether the change happened cannot be found out; a person must look',
        fact.body.approval,
      );
    case 'action.released':
      return say(
        'released',
        `${fact.body.by} looked: the change ${happened(fact.body.effect)}`,
        fact.body.approval,
      );
    case 'action.sampled':
      return [
        told(at, 'sample', {
          what: `${sampled(fact.body, approval)}, ${fact.body.inBand ? 'in' : 'not in'} its band`,
          ref: fact.body.call,
          quiet: true,
        }),
      ];
    case 'action.verified': {
      const signal = sample === undefined ? 'the signal' : sampled(sample, approval);
      const watched = approval?.plan.verification;
      const needed = watched !== undefined && 'samples' in watched ? watched.samples : fact.body.samples;
      return say('verified', `${signal}, in its band for ${count(needed, 'sample')}`, fact.body.approval);
    }
    case 'action.in_effect':
      return say('in effect', 'the silence is in effect; nothing is repaired by it', fact.body.approval);
    case 'action.unverified':
      return say(
        'not back',
        `${sample === undefined ? 'the signal' : sampled(sample, approval)}: ${plainReason(fact.body.reason)}`,
        fact.body.approval,
      );
    case 'action.undone':
      return say(
        'undo',
        fact.body.complete
          ? 'the change was taken back'
          : `the change was not taken back${fact.body.reason === null ? '' : `: ${plainReason(inert(fact.body.reason))}`}`,
        fact.body.approval,
      );
    default:
      return [];
  }
}

function happened(effect: 'happened' | 'did_not_happen'): string {
  return effect === 'happened' ? 'did happen' : 'did not happen';
}

function sampled({ value }: BodyOf<'action.sampled'>, approval: Approval | undefined): string {
  const watched = approval?.plan.verification;
  if (watched === undefined || !('signal' in watched)) return value === null ? 'not seen' : value;
  const { signal } = watched;
  return `${signalWords(signal)} ${signalValue(signal, value)}`;
}

const CHANGES: ReadonlyMap<string, string> = new Map([
  ['service_restart', 'restart'],
  ['service_rollback', 'roll back'],
  ['service_scale', 'scale'],
  ['node_cordon', 'cordon node'],
  ['alert_silence', 'silence'],
  ['operator_action', 'run'],
]);

/** `alice asks: roll back checkout`. */
function wishWords({ by, tool, target }: BodyOf<'change.requested'>): string {
  return `${by} asks: ${CHANGES.get(tool) ?? inert(tool)} ${inert(target.slice(target.indexOf(':') + 1))}`;
}
