import type { ServiceId } from '#core/ids.ts';
import type { DeployRef } from '#incidents/refs.ts';
import { type Onset, onsetOf } from './onset.ts';
import { type Question, type Scene, said, unseen } from './scene.ts';

const MINUTE = 60_000;
/** A deployment older than this at the onset has proven itself. */
const WINDOW = 15 * MINUTE;
const PROMPT = 5 * MINUTE;

/** A new version that went out shortly before the trouble, and the deployment to go back to, where something can. */
export type Suspect = { readonly back: DeployRef | null; readonly beforeMs: number };

/**
 * The deployment that may have caused the trouble of a service. Not suspect: one after the onset (a reaction), one long
 * before, a repeat of the same version, a return to a version that ran before, and the first one ever.
 */
export function suspectDeploy(scene: Scene, service: ServiceId): Suspect | null {
  const list = scene.evidence.deployments.get(service)?.value.deployments ?? [];
  const [newest, ...earlier] = list;
  if (
    newest === undefined ||
    earlier.length === 0 ||
    earlier.some(({ version }) => version === newest.version)
  )
    return null;
  const back = earlier.find(({ ref }) => ref !== null)?.ref ?? null;
  const beforeMs = beforeOnset(newest.at, onsetOf(scene, service));
  return beforeMs === null ? null : { back, beforeMs };
}

function beforeOnset(at: number, onset: Onset): number | null {
  const before = onset.at - at;
  return before > WINDOW || before < -onset.slackMs ? null : Math.max(0, before);
}

/** A new version went out shortly before the trouble. */
export const deployed: Question = (scene, service) => {
  const seen = scene.evidence.deployments.get(service);
  if (seen === undefined) return unseen(scene, [{ tool: 'deployments_list', service }]);
  return said(suspectDeploy(scene, service) !== null, seen.calls);
};

/** The trouble followed the new version within minutes. */
export const deployedJustBefore: Question = (scene, service) => {
  const seen = scene.evidence.deployments.get(service);
  if (seen === undefined) return unseen(scene, [{ tool: 'deployments_list', service }]);
  return said((suspectDeploy(scene, service)?.beforeMs ?? Number.POSITIVE_INFINITY) <= PROMPT, seen.calls);
};

/** A merge takes a while to go out, and most of them never do harm. */
const MERGE_WINDOW = 60 * MINUTE;

/** Code of the service was merged, or went out elsewhere, within the hour before the trouble. */
export const changedBefore: Question = (scene, service) => {
  const seen = scene.evidence.changes.get(service);
  if (seen === undefined) return unseen(scene, [{ tool: 'changes_list', service }]);
  const { at } = onsetOf(scene, service);
  return said(
    seen.value.changes.some((change) => change.at <= at && at - change.at <= MERGE_WINDOW),
    seen.calls,
  );
};
