import { clusterCauses } from './cluster-causes.ts';
import type { Inventory } from './inventory.ts';
import { postgresCauses } from './postgres-causes.ts';
import { type Cause, ServiceCause } from './vocabulary.ts';

/** The causes that can be at work in what this config describes: those of a cluster or a database only where there is one. */
export function nameableCauses({ services }: Inventory): readonly Cause[] {
  const all = [...services.values()];
  return [
    ...ServiceCause.options,
    ...(all.some(({ cluster }) => cluster !== undefined) ? clusterCauses : []),
    ...(all.some(({ postgres }) => postgres !== undefined) ? postgresCauses : []),
  ];
}
