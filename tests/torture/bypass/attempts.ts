import type { Attempt } from './attempt.ts';
import { cardAttempts } from './card-attempts.ts';
import { otherAttempts } from './other-attempts.ts';
import { peopleAttempts } from './people-attempts.ts';
import { planAttempts } from './plan-attempts.ts';
import { runAttempts } from './run-attempts.ts';

/** Every attempt by its name. */
export const attempts: Readonly<Record<string, Attempt>> = {
  ...peopleAttempts,
  ...cardAttempts,
  ...planAttempts,
  ...runAttempts,
  ...otherAttempts,
};
