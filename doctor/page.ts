import type { Check } from './check.ts';

/** A check as its line in the page of checks. */
export function checkLine({ id, severity, about, remedy }: Check): string {
  return `| \`${id}\` | ${severity} | ${about} | ${remedy} |`;
}
