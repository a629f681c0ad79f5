import type { DamageFold } from '#approvals/damage-fold.ts';
import type { FileLog } from '#audit/file-log.ts';
import type { Damage } from '#audit/set-aside.ts';
import { messageOf } from '#core/errors.ts';
import type { LogStanding } from '#views/status.ts';
import { createFolds, foldList } from './folds.ts';

export type StandingWatch = {
  standing: () => LogStanding;
  /** Resolves when the log that was found at the start is verified, or is known to be bad. */
  verified: Promise<void>;
  /** The log was found to be bad later than that: until the next start no change is started. */
  condemn: (reason: string) => void;
};

/**
 * Verifies the whole log behind the start; changes wait until `verified` resolves, whatever the verdict is. `unkept`: why
 * no checkpoint of it could be kept elsewhere.
 */
export function verifyBehind(log: FileLog, damage: DamageFold, unkept: () => string | null): StandingWatch {
  let verdict: LogStanding['verified'] = 'checking';
  let problem: string | null = null;
  const verified = log
    .verifyInBackground(() => foldList(createFolds()))
    .then(
      (found) => {
        verdict = found.kind === 'ok' ? 'verified' : found.kind === 'tampered' ? 'bad' : 'not_checked';
        problem = found.kind === 'tampered' ? badWhileOpen(found.reason) : null;
      },
      (error: unknown) => {
        verdict = 'bad';
        problem = messageOf(error);
      },
    );
  const standing = (): LogStanding => ({
    entries: log.size(),
    verified: verdict,
    problem: problem ?? (damage.damage === null ? unkept() : replaced(damage.damage)),
  });
  const condemn = (reason: string): void => {
    verdict = 'bad';
    problem = badWhileOpen(reason);
  };
  return { standing, verified, condemn };
}

function badWhileOpen(reason: string): string {
  return `${reason}. Start Firebreak again: it keeps this log as it is and begins a new one`;
}

function replaced({ folder, segment, line, entry, reason }: Damage): string {
  return `the log before this one was tampered with (${segment} line ${line}, first bad entry ${entry}: ${reason}) and is kept in ${folder}; changes are frozen too. When you have looked at it, an owner runs firebreak freeze off, and: firebreak audit accept`;
}
