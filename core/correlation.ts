import type { Random } from './clock.ts';

const FORM = /^[A-Za-z0-9_-]{1,64}$/;

/** An id by which one request is found again, in answers, the log and the output of the server. */
export function newCorrelation(random: Random): string {
  return `c-${random.bytes(4).toString('hex')}`;
}

/** The id that came with a request, where it is one: at most 64 letters, digits, - and _. Anything else is replaced. */
export function correlationOf(sent: unknown, random: Random): string {
  return typeof sent === 'string' && FORM.test(sent) ? sent : newCorrelation(random);
}
