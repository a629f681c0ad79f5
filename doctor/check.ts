import type { Facts, Known } from './facts.ts';

/** Every check by its stable name, in the order in which they are listed. */
export const checkIds = [
  'config-valid',
  'binds',
  'ports',
  'tls',
  'egress',
  'auth',
  'policy-version',
  'file-modes',
  'secrets',
  'secret-age',
  'webhook-sources',
  'slack',
  'github',
  'pagerduty',
  'kubernetes',
  'inventory',
  'log-verify',
  'anchor-age',
  'clock',
  'disk',
  'retention',
  'stops',
  'executor',
  'providers',
  'spend',
  'guard-fresh',
  'suppressed',
] as const;
export type CheckId = (typeof checkIds)[number];

export const severities = ['critical', 'high', 'medium', 'low'] as const;
export type CheckSeverity = (typeof severities)[number];

/** What a check came to. `skipped`: what it looks at is not known, and `seen` says why. */
export type Verdict =
  | { readonly status: 'ok' | 'skipped'; readonly seen: string }
  | { readonly status: 'warn' | 'fail'; readonly seen: string; readonly fix: string };

export type Check = {
  readonly id: CheckId;
  readonly severity: CheckSeverity;
  /** What is right when it passes, in a sentence. */
  readonly about: string;
  /** How it is put right, for whoever reads the page of checks. */
  readonly remedy: string;
  /** Pure; does not throw. */
  readonly run: (facts: Facts) => Verdict;
};

export const ok = (seen: string): Verdict => ({ status: 'ok', seen });
export const skipped = (seen: string): Verdict => ({ status: 'skipped', seen });
export const warn = (seen: string, fix: string): Verdict => ({ status: 'warn', seen, fix });
export const fail = (seen: string, fix: string): Verdict => ({ status: 'fail', seen, fix });

/** The verdict on a fact that is known; else the check is skipped, saying why. */
export function whenKnown<T>(fact: Known<T>, judge: (value: T) => Verdict): Verdict {
  return fact.kind === 'known' ? judge(fact.value) : skipped(fact.why);
}

/** At most five names, and how many more there are. */
export function listed(names: readonly string[]): string {
  const shown = names.slice(0, 5).join(', ');
  return names.length > 5 ? `${shown} and ${names.length - 5} more` : shown;
}

/** `1 service`, `3 services`. */
export function plural(count: number, one: string): string {
  return `${count} ${count === 1 ? one : `${one}s`}`;
}
