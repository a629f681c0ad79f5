import { addressDetectors } from './addresses.ts';
import { admissionDetectors } from './admission.ts';
import { databaseDetectors } from './databases.ts';
import type { ClusterDetector } from './finding.ts';
import { nodeDetectors } from './nodes.ts';
import { performanceDetectors } from './performance.ts';
import { probeDetectors } from './probes.ts';
import { revisionDetectors } from './revisions.ts';
import { routingDetectors } from './routing.ts';
import { schedulingDetectors } from './scheduling.ts';
import { startupDetectors } from './startup.ts';
import { storageDetectors } from './storage.ts';

/** Every cause that shows in what a cluster says of itself, one detector for each. None knows anything by its name. */
export const clusterDetectors: readonly ClusterDetector[] = [
  ...admissionDetectors,
  ...schedulingDetectors,
  ...storageDetectors,
  ...startupDetectors,
  ...revisionDetectors,
  ...probeDetectors,
  ...routingDetectors,
  ...addressDetectors,
  ...databaseDetectors,
  ...nodeDetectors,
  ...performanceDetectors,
];
