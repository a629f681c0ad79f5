import { onsetOf } from './onset.ts';
import { anyOf, metric, type Question, said, signalOf, unseen } from './scene.ts';
import { busier } from './symptoms.ts';

/** How long before the trouble an instance may have gone down to be part of it. */
const BEFORE = 10 * 60_000;

/** As many instances run as should. */
export const allRun: Question = (scene, service) => {
  const workload = scene.evidence.workloads.get(service);
  if (workload === undefined) return unseen(scene, [{ tool: 'workload_status', service }]);
  return said(workload.value.running >= workload.value.replicas, workload.calls);
};

/** Instances stopped answering at about the time the page is about. */
export const downInTime: Question = (scene, service) => {
  const up = signalOf(scene, service, 'instances_up');
  if (up === undefined) return unseen(scene, [metric(service, 'instances_up')]);
  // In band: whatever is missing was missing before.
  if (up.state === 'normal') return said(false, up.calls);
  if (up.since === null) return unseen(scene, []);
  const felt = onsetOf(scene, scene.about.service);
  const late = up.since - Math.max(felt.at, scene.about.since);
  return said(late <= Math.max(10_000, 2 * felt.slackMs) && late >= -BEFORE, up.calls);
};

/** A caller asks for more too (or nothing calls it): a rise that only this service sees is its callers' retries. */
export const demandedFromOutside: Question = (scene, service) => {
  const callers = [...scene.inventory.services.values()].filter(({ dependsOn }) =>
    dependsOn.includes(service),
  );
  const watched = callers.filter(({ signals }) => signals.request_rate !== undefined);
  if (callers.length === 0) return busier(scene, service);
  return watched.length === 0 ? unseen(scene, []) : anyOf(watched.map(({ id }) => busier(scene, id)));
};
