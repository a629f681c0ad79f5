import type { EntryDraft } from '#audit/log.ts';
import type { Clock } from '#core/clock.ts';
import { inert } from '#core/inert.ts';
import { fact, SYSTEM } from '#incidents/entry.ts';
import type { SecretFold } from '#incidents/secret-fold.ts';
import type { Jobs } from './jobs.ts';
import type { SecretHandle } from './secrets.ts';

const EVERY_MS = 1_000;

export type SecretWatchDeps = {
  readonly handles: readonly SecretHandle[];
  readonly fold: Pick<SecretFold, 'get'>;
  readonly log: { append(drafts: readonly EntryDraft[]): Promise<unknown> };
  readonly clock: Pick<Clock, 'mono'>;
  readonly jobs: Jobs;
  /** Called when one cannot be used any more, and when it can again. */
  readonly onHealth: (text: string) => void;
};

/** A credential that cannot be used now, and why, in a line for people. */
export type UnusableSecret = { readonly name: string; readonly why: string };

/**
 * Keeps the log up to date about the credentials of the config: at once at the start, and within a second of a change. A
 * value is recorded only when it is another one than the log last knew, so that its age can be told; one that cannot be
 * used any more is recorded once each time. `tick` is cheap and never throws.
 */
export function createSecretWatch(deps: SecretWatchDeps): { tick(): void } {
  const { handles, fold, log, clock, jobs, onHealth } = deps;
  const why = new Map<string, string>();
  let dueAt = clock.mono();
  const look = (): EntryDraft[] =>
    handles.flatMap((handle): EntryDraft[] => {
      const { ref: name, source } = handle;
      const problem = handle.problem();
      const before = why.get(name);
      if (problem !== undefined) {
        if (problem === before) return [];
        why.set(name, problem);
        onHealth(`${inert(name)} cannot be used: ${inert(problem)}`);
        return [fact('secret.unusable', { name, why: problem.slice(0, 1200) }, CONTEXT)];
      }
      why.delete(name);
      if (before !== undefined) onHealth(`${inert(name)} can be used again`);
      const fingerprint = handle.fingerprint();
      const known = fold.get(name);
      if (known !== undefined && known.fingerprint === fingerprint) return [];
      return [fact('secret.resolved', { name, fingerprint, source }, CONTEXT)];
    });
  const note = async (): Promise<void> => {
    const drafts = look();
    if (drafts.length > 0) await log.append(drafts);
  };
  let isBusy = false;
  return {
    tick: () => {
      if (isBusy || clock.mono() < dueAt) return;
      dueAt = clock.mono() + EVERY_MS;
      isBusy = true;
      jobs.run('secrets', () =>
        note().finally(() => {
          isBusy = false;
        }),
      );
    },
  };
}

const CONTEXT = { actor: SYSTEM, traceId: 'secrets' };

/** Those that cannot be used at this moment. */
export function unusableSecrets(handles: readonly SecretHandle[]): readonly UnusableSecret[] {
  return handles.flatMap((handle) => {
    const problem = handle.problem();
    return problem === undefined ? [] : [{ name: handle.ref, why: problem }];
  });
}
