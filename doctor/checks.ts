import { type Check, checkIds } from './check.ts';
import { accessChecks } from './checks-access.ts';
import { logChecks } from './checks-log.ts';
import { networkChecks } from './checks-network.ts';
import { outsideChecks } from './checks-outside.ts';
import { runChecks, suppressedCheck } from './checks-run.ts';

const others: readonly Check[] = [
  ...runChecks,
  ...networkChecks,
  ...accessChecks,
  ...outsideChecks,
  ...logChecks,
];

/** Every check there is, in the order of `checkIds`. */
export const checks: readonly Check[] = [...others, suppressedCheck(others)].toSorted(
  (a, b) => checkIds.indexOf(a.id) - checkIds.indexOf(b.id),
);
