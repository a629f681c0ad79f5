import type { Approval } from '#approvals/approval.ts';
import { may } from '#approvals/people.ts';
import { unreachable } from '#core/errors.ts';
import type { IncidentId } from '#core/ids.ts';
import type { Incident } from '#incidents/incident.ts';
import { DeploymentsSeen, WorkloadSeen } from '#incidents/observations.ts';
import { deployOf, deployRef, serviceOf } from '#incidents/refs.ts';
import type { RequestedAction } from '#incidents/requested-action.ts';
import { onlyYou } from '#slack/answers.ts';
import { words } from '#slack/cards/text.ts';
import { incidentButton } from '#slack/cards/values.ts';
import { quoted } from '#slack/inert.ts';
import type { Answer } from '#slack/ports.ts';
import type { Act } from '#slack/verbs/heard.ts';
import { sentenceOf } from '#slack/verbs/sentence-of.ts';
import { approvalCard } from '#views/approval-card.ts';
import { count } from '#views/numbers.ts';
import { refuse } from '../acts/act.ts';
import { agentsOut } from '../acts/agents-out.ts';
import { askedService } from '../acts/asked-service.ts';
import { refusalWords } from '../acts/refusal-words.ts';
import { sameProposal } from '../acts/same-proposal.ts';
import { actDepsOf, type ConversationDeps, type Speaks } from './deps.ts';
import { lastLook } from './looks.ts';
import { actNeeds } from './rights.ts';
import { said } from './said.ts';

/** Says what would be asked for, with its figures, and asks for nothing: only the press of the button does. */
export async function echo(
  deps: ConversationDeps,
  about: Speaks,
  act: Extract<Act, { verb: 'change' }>,
): Promise<Answer> {
  const { folds, inventory } = deps;
  const { incident } = about;
  const known = folds.incidents.get(incident);
  // Whoever would be refused anyway gets no button.
  if (!may(about.person, actNeeds.change.right))
    return said(await refuse(actDepsOf(deps), { ...about, what: 'change' }, 'not_allowed'), '');
  if (known === undefined || known.resolved !== null)
    return onlyYou([refusalWords('not_open', known ?? null)]);
  const out = agentsOut(known);
  if (out !== undefined) return onlyYou([refusalWords(out, known)]);
  const { tool, target } = act.action;
  const same = sameProposal(folds.approvals, incident, act.action);
  if (same !== undefined) return onlyYou([waitsLine(same)]);
  const service = askedService(inventory, known, act.action);
  if (service === null) return onlyYou([refusalWords('not_found', known)]);
  const environment = inventory.services.get(service)?.environment ?? known.environment;
  const sentence = sentenceOf({ ...act, wanted: null });
  const what = `${sentence.slice(0, 1).toUpperCase()}${sentence.slice(1)}`;
  const figures = await figuresOf(deps, known, act.action);
  return onlyYou(
    [
      `${what} in ${words(environment, 80)}${figures.would}? Nothing is done yet. It is prepared and put before people; your own yes then needs the name typed.`,
      ...(act.wanted === null || figures.isThat(act.wanted)
        ? []
        : [`${quoted(`to ${act.wanted}`, 60)} is not taken: ${figures.chosen}`]),
    ],
    [incidentButton('Propose', { verb: 'propose', incident, detail: `${tool} ${target}` })],
  );
}

/** What waits already, whoever asked for it. */
export function waitsLine({ id, plan, hash }: Approval): string {
  return `${id} asks for that already: ${words(approvalCard(plan, hash).title)}. Use its buttons; nothing new was asked for.`;
}

type Figures = {
  /** What would change, as far as it was seen. */
  readonly would: string;
  /** What was said with it is what would be done anyway. */
  readonly isThat: (wanted: string) => boolean;
  /** Who chooses, where what was said is not taken. */
  readonly chosen: string;
};

async function figuresOf(deps: ConversationDeps, known: Incident, action: RequestedAction): Promise<Figures> {
  switch (action.tool) {
    case 'service_restart':
      return { would: '', isThat: () => true, chosen: '' };
    case 'service_rollback':
      return rollbackFigures(deps, known, action);
    case 'service_scale':
      return scaleFigures(deps, known.id, action);
    case 'node_cordon':
    case 'alert_silence':
    case 'operator_action':
      return { would: '', isThat: () => true, chosen: '' };
    default:
      return unreachable(action);
  }
}

/** Back to the deployment that the diagnosis names, or to the one before the last. */
async function rollbackFigures(
  deps: ConversationDeps,
  { id, diagnosis }: Incident,
  { target }: RequestedAction,
): Promise<Figures> {
  const service = serviceOf(target);
  const seen = DeploymentsSeen.safeParse(await lastLook(deps, id, { tool: 'deployments_list', service }));
  const deployments = seen.success ? seen.data.deployments : [];
  const named = diagnosis?.deploy ?? null;
  const ref = named !== null && deployOf(named).service === service ? named : deployRef(service, 1);
  const now = deployments[0]?.version;
  const back = deployments.find((one) => one.ref === ref)?.version;
  return {
    would: back === undefined ? '' : `, from ${quoted(now ?? '', 60)} back to ${quoted(back, 60)}`,
    isThat: (wanted) => back?.toLowerCase() === wanted,
    chosen: `it goes back to ${back === undefined ? 'the version before the one that runs' : quoted(back, 60)}, or nowhere.`,
  };
}

/** How many it will be depends on the demand at the time when it is prepared. */
async function scaleFigures(
  deps: ConversationDeps,
  id: IncidentId,
  { target }: RequestedAction,
): Promise<Figures> {
  const service = serviceOf(target);
  const seen = WorkloadSeen.safeParse(await lastLook(deps, id, { tool: 'workload_status', service }));
  const most = seen.success ? `, at most ${seen.data.maxReplicas}` : '';
  return {
    would: seen.success ? `, which had ${count(seen.data.replicas, 'instance')}${most}` : '',
    isThat: () => false,
    chosen: `the number follows from the demand when it is prepared${most}, and stands on the proposal.`,
  };
}
