import { type EgressRule, originOf, SLACK } from '#core/egress/rules.ts';

/**
 * Where Slack may be spoken to: its web API, and the names below it that it sends us to for uploads and sockets. A web API
 * of this machine sends us nowhere else.
 */
export function slackRules(apiUrl: string | null): readonly EgressRule[] {
  if (apiUrl === null) return [SLACK];
  const own = originOf(apiUrl);
  const { protocol, hostname } = new URL(apiUrl);
  if (protocol !== 'https:' || hostname === 'localhost' || /^[[\d]/.test(hostname)) return [own];
  return [own, { kind: 'below', domain: hostname, reach: own.reach }];
}
