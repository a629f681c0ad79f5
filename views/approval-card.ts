import type { Plan, Step } from '#approvals/plan.ts';
import { targetsOf } from '#approvals/plan-targets.ts';
import { taggedHash } from '#core/hash.ts';
import type { Digest } from '#core/ids.ts';
import { clip, inert } from '#core/inert.ts';
import { cures } from '#incidents/cures.ts';
import { band, confidence, count } from './numbers.ts';
import { effectWords, stepTitle, undoWords } from './step-words.ts';
import { labelled, type Paint } from './table.ts';
import { duration, hourMinute, until } from './time.ts';
import { causeWords, signalWords } from './words.ts';

/** Everything that an approver is shown of a plan, on every surface; text and integers only. Foreign text is inert. */
export type ApprovalCard = {
  readonly v: 1;
  readonly approval: string;
  readonly incident: string;
  /** Hash of the plan that a decision on this card binds. */
  readonly hash: string;
  /** `Roll back checkout v42 -> v41 in production`. */
  readonly title: string;
  readonly tier: 'change' | 'wide change';
  readonly steps: readonly CardStep[];
  readonly touches: string;
  /** What tells whether it helped, and what happens if not. */
  readonly check: string;
  readonly why: string;
  readonly evidence: readonly string[];
  readonly needs: string;
  /** What the approver must type, or an empty text. */
  readonly typed: string;
  readonly expiresAt: number;
};
export type CardStep = {
  readonly title: string;
  readonly effect: string;
  readonly undo: string;
  readonly manual: string;
};

/** The card of a plan. Pure: the same plan gives the same card, whoever draws it and when. */
export function approvalCard(plan: Plan, hash: Digest): ApprovalCard {
  const steps = plan.steps.map(cardStep);
  const first = steps[0]?.title ?? 'No change';
  const wide = plan.tier === 'R3';
  return {
    v: 1,
    approval: plan.approval,
    incident: plan.incident,
    hash,
    title: steps.length > 1 ? `${first}, then ${count(steps.length - 1, 'more change')}` : first,
    tier: wide ? 'wide change' : 'change',
    steps,
    touches: touchesOf(plan),
    check: checkOf(plan),
    ...whyOf(plan),
    needs: needsOf(plan),
    typed: wide ? targetsOf(plan).join(', ') : '',
    expiresAt: plan.expiresAt,
  };
}

/** What people asked for themselves rests on their word; evidence of a cause that it does not end speaks for nothing. */
function whyOf({ cause, service, confidence: sure, evidence, requestedBy, steps }: Plan) {
  const named = `${causeWords(cause, service)} (${confidence(sure)})`;
  if (requestedBy.length === 0) return { why: named, evidence: [...evidence] };
  const asked = `${requestedBy.join(' and ')} asked for it`;
  if (cause === 'unknown') return { why: `${asked}; no cause is named`, evidence: [] };
  const isCure = steps.every(({ tool }) => cures[cause]?.some((cure) => cure === tool) === true);
  if (isCure) return { why: `${asked}; the named cause is ${named}`, evidence: [...evidence] };
  return { why: `${asked}; it does not mend the named cause, ${named}`, evidence: [] };
}

function needsOf(plan: Plan): string {
  const targets = targetsOf(plan);
  const askers = plan.requestedBy.join(' and ');
  if (plan.tier === 'R3') {
    const owner =
      targets.length > 1
        ? `for each of ${targets.join(', ')} an owner of it`
        : `one of them an owner of ${plan.service}`;
    const requester = askers === '' ? 'who asked for it' : `${askers}, who asked for it`;
    return `two people, ${owner}, not ${requester}`;
  }
  return askers === ''
    ? 'one approver'
    : `one approver; ${askers}, who asked for it, must also type ${targets.join(', ')}`;
}

/** Binds what people saw into their decision. */
export function cardDigest(card: ApprovalCard): Digest {
  return taggedHash('firebreak/card/v1', card);
}

function cardStep(step: Step): CardStep {
  return {
    title: stepTitle(step),
    effect: effectWords(step),
    undo: undoWords(step),
    manual: inert(step.manual),
  };
}

function touchesOf(plan: Plan): string {
  const targets = targetsOf(plan);
  const felt = [...new Set(plan.steps.flatMap((step) => step.touches))].filter(
    (service) => !targets.includes(service),
  );
  const names = targets.join(', ');
  return felt.length === 0
    ? `${names} only`
    : `${names}; ${felt.join(', ')} ${felt.length === 1 ? 'calls' : 'call'} it and may feel it`;
}

function checkOf({ steps, verification }: Plan): string {
  if ('inEffect' in verification) return 'that the silence is in effect; the incident stays open';
  const { service, signal, low, high, windowMs } = verification;
  const goal = `${signalWords(signal)} of ${service} ${band(signal, low, high)} within ${duration(windowMs)}`;
  return steps.some((step) => step.undo !== null)
    ? `${goal}, else the undo runs (pre-approved)`
    : `${goal}, else people are asked`;
}

/**
 * The card for a terminal, at most 80 columns wide: first what happens, to what, how it is taken back and when the
 * question ends; then why, and the same by hand. `now` in ms, `zone` an IANA name.
 */
export function renderApprovalCard(
  card: ApprovalCard,
  { now, zone, paint }: { now: number; zone: string; paint: Paint },
): string[] {
  const ends =
    now < card.expiresAt
      ? `${until(card.expiresAt, { now, zone })}, then nothing happens`
      : `${hourMinute(card.expiresAt, zone)}, it is past`;
  const title = titleLines(card);
  return [
    ...title.map((line) => paint('strong', line)),
    ...(card.steps.length > 1
      ? card.steps.flatMap((step, index) => labelled(`step ${index + 1}`, step.title))
      : []),
    ...each(card, 'effect', (step) => step.effect),
    ...each(card, 'undo', (step) => step.undo),
    ...labelled('expires', ends),
    ...labelled('touches', card.touches),
    ...labelled('check', card.check),
    ...labelled('why', [card.why, ...card.evidence].join(' ')),
    ...labelled('needs', card.typed === '' ? card.needs : `${card.needs}; each types ${card.typed}`),
    ...each(card, 'by hand', (step) => step.manual),
  ];
}

function titleLines(card: ApprovalCard): string[] {
  const tag = `${card.approval}, ${card.tier}`;
  const room = 80 - 2 - 2 - tag.length;
  if (card.title.length <= room) return [`  ${card.title.padEnd(room)}  ${tag}`];
  return [`  ${clip(card.title, 78)}`, `  ${tag}`];
}

function each(card: ApprovalCard, label: string, text: (step: CardStep) => string): string[] {
  return card.steps.flatMap((step, index) =>
    labelled(index === 0 ? label : '', card.steps.length > 1 ? `${index + 1}. ${text(step)}` : text(step)),
  );
}
