import { stopLine } from '#slack/cards/warnings.ts';
import type { Folds } from './folds.ts';

/** Why no change is started now, by whom, and how that ends; null where one may be. */
export function heldLine({
  folds,
  offFile,
  zone,
}: {
  readonly folds: Pick<Folds, 'stops'>;
  readonly offFile: () => boolean;
  readonly zone: string;
}): string | null {
  if (offFile()) return 'Off: nothing new is done while the file that switches off is in the data directory.';
  return stopLine(folds.stops, zone);
}
