import { clip, inert } from '#core/inert.ts';
import { redact } from '#core/redact.ts';
import type { Check, CheckId, CheckSeverity, Verdict } from './check.ts';
import { checks } from './checks.ts';
import { maySuppress } from './checks-run.ts';
import type { Facts } from './facts.ts';

/** One check with what it came to; `fix` is null where there is nothing to fix. */
export type Finding = {
  readonly id: CheckId;
  readonly severity: CheckSeverity;
  readonly status: Verdict['status'];
  readonly seen: string;
  readonly fix: string | null;
};

const MAX = 400;

/**
 * Runs every check over the facts. Pure. What is silenced, may be, and has not run out is `skipped` and says so; texts
 * are one harmless line each, without secrets of known formats.
 */
export function examine(facts: Facts, all: readonly Check[] = checks): readonly Finding[] {
  return all.map((check) => findingOf(check, facts));
}

function findingOf(check: Check, facts: Facts): Finding {
  const { id, severity } = check;
  const silenced = facts.suppressions.find(
    (one) => one.id === id && one.until > facts.now && maySuppress(check),
  );
  const verdict = check.run(facts);
  const fix = 'fix' in verdict ? plain(verdict.fix) : null;
  if (silenced !== undefined && fix !== null)
    return {
      id,
      severity,
      status: 'skipped',
      seen: plain(`silenced (${silenced.reason}): ${verdict.seen}`),
      fix,
    };
  return { id, severity, status: verdict.status, seen: plain(verdict.seen), fix };
}

function plain(text: string): string {
  return clip(inert(redact(text)), MAX);
}
