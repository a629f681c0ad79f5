/** Half a year, in seconds. */
const HSTS_SECONDS = 15_552_000;

/** Headers of every answer: nothing of it is kept, framed, guessed at, or run by a browser. */
export function securityHeaders(correlation: string, isTls: boolean): Readonly<Record<string, string>> {
  return {
    'x-correlation-id': correlation,
    'cache-control': 'no-store',
    'content-security-policy':
      "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    ...(isTls && { 'strict-transport-security': `max-age=${HSTS_SECONDS}` }),
  };
}
