import { FirebreakError } from '#core/errors.ts';
import { ApprovalId } from '#core/ids.ts';
import { approvalCard, renderApprovalCard } from '#views/approval-card.ts';
import {
  type ApprovalView,
  decisionLines,
  renderApprovalList,
  standingLine,
} from '#views/approval-standing.ts';
import { plainReason } from '#views/words.ts';
import { AgainAnswer, ApprovalAnswer, ApprovalAnswers, DecisionResult, ReleaseAnswer } from '../answers.ts';
import { ask, askEither, findServer, type Server } from '../client.ts';
import type { Common, Context, Outcome } from '../context.ts';
import { reading, readLogState } from '../offline.ts';
import { saysYes } from '../says-yes.ts';
import { screenOf } from './status.ts';

/** All approvals, what waits first. */
export async function listApprovals(options: Common, context: Context): Promise<Outcome> {
  const views = await reading(options, context, {
    online: (server) => ask(server, { method: 'GET', path: '/v1/approvals' }, ApprovalAnswers),
    offline: offlineViews,
  });
  return { lines: renderApprovalList(views, screenOf(context)), json: views };
}

async function offlineViews(dataDir: string): Promise<ApprovalView[]> {
  const { approvals } = await readLogState(dataDir);
  return approvals.all().map((approval) => ({ approval, card: approvalCard(approval.plan, approval.hash) }));
}

/** One proposal as its approvers see it, and how it stands. */
export async function showApproval(text: string, options: Common, context: Context): Promise<Outcome> {
  const id = approvalIdOf(text);
  const view = await reading(options, context, {
    online: (server) => askApproval(server, id),
    offline: async (dataDir) =>
      (await offlineViews(dataDir)).find((one) => one.approval.id === id) ?? notThere(id),
  });
  return { lines: viewLines(view, context), json: view };
}

function viewLines({ approval, card }: ApprovalView, context: Context): string[] {
  return [...renderApprovalCard(card, screenOf(context)), '', standingLine(approval, context.zone)];
}

const askApproval = (server: Server, id: ApprovalId) =>
  ask(server, { method: 'GET', path: `/v1/approvals/${id}` }, ApprovalAnswer);

export type Wanted = 'approve' | 'deny' | 'revoke';
export type ReleaseOptions = Common & { readonly happened?: boolean; readonly didNotHappen?: boolean };
export type DecideOptions = Common & { readonly yes?: boolean; readonly typed?: string };

/**
 * Takes a person's decision: shows the card, asks, and sends the hash of exactly that card. A yes needs a terminal or
 * `--yes`; a no is not asked about twice. What came of it is told as it is.
 */
export async function decideApproval(
  wanted: Wanted,
  text: string,
  { options, context }: { options: DecideOptions; context: Context },
): Promise<Outcome> {
  const id = approvalIdOf(text);
  const server = findServer(options, context);
  const view = await askApproval(server, id);
  for (const line of viewLines(view, context)) context.err(line);
  const isAsked = wanted === 'approve' && view.approval.state === 'pending';
  const to = 'approve what firebreak approvals show prints';
  if (isAsked && !(await saysYes(options.yes, context, { question: `${view.card.title}?`, to })))
    return { lines: ['not approved; nothing was sent'], json: { kind: 'not_sent' }, exit: 1 };
  const typed = wanted === 'approve' ? await typedTarget(view, options, context) : undefined;
  const body = { decision: wanted, hash: view.card.hash, ...(typed === undefined ? {} : { typed }) };
  const answer = await askEither(
    server,
    { method: 'POST', path: `/v1/approvals/${id}`, body },
    DecisionResult,
  );
  return {
    lines: decisionLines(answer, { id, wanted, zone: context.zone }),
    json: answer,
    exit: answer.kind === 'refused' ? 1 : 0,
  };
}

/** Says what became of a change whose effect nobody could find out; its targets are free again. */
export async function releaseApproval(
  text: string,
  { happened, didNotHappen, ...options }: ReleaseOptions,
  context: Context,
): Promise<Outcome> {
  const id = approvalIdOf(text);
  if ((happened === true) === (didNotHappen === true))
    throw new FirebreakError('usage', 'look at the target first, then add --happened or --did-not-happen');
  const effect = happened === true ? 'happened' : 'did_not_happen';
  const said = await ask(
    findServer(options, context),
    { method: 'POST', path: `/v1/approvals/${id}/release`, body: { effect } },
    ReleaseAnswer,
  );
  return {
    lines: [`${id} is released: the change ${plainReason(effect)}; its targets are free again`],
    json: said,
  };
}

/** Has everything read anew after a proposal ended undecided; a new proposal may come of it. */
export async function againApproval(text: string, options: Common, context: Context): Promise<Outcome> {
  const id = approvalIdOf(text);
  const path = `/v1/approvals/${id}/again`;
  const said = await ask(findServer(options, context), { method: 'POST', path }, AgainAnswer);
  return { lines: [`the agents look again; if ${id} is still right, a new proposal comes`], json: said };
}

/** Nobody is asked about what is no longer open: the server then says what became of it. */

async function typedTarget(
  { approval, card }: ApprovalView,
  { typed }: DecideOptions,
  { prompt }: Context,
): Promise<string | undefined> {
  if (card.typed === '' || typed !== undefined || approval.state !== 'pending') return typed;
  if (prompt === null)
    throw new FirebreakError('usage', 'this is a wide change: name its target with --typed NAME');
  return prompt.text('This is a wide change. Type the name of its target:');
}

function approvalIdOf(text: string): ApprovalId {
  const id = ApprovalId.safeParse(text.toUpperCase());
  if (id.success) return id.data;
  throw new FirebreakError('usage', 'an approval is named like A-3; firebreak approvals list shows them');
}

function notThere(id: ApprovalId): never {
  throw new FirebreakError('not_found', `there is no ${id}; firebreak approvals list shows what there is`);
}
