import type { JsonValue } from '#core/canonical.ts';

/**
 * The investigation that is measured: a coordinator that spawns three sub-agents one after the other (spawn, yield, be
 * woken: 7 calls of the model) and sub-agents that look five times in four turns and then report (5 calls each).
 */
export const WORK = { modelCalls: 22, toolCalls: 15, spawns: 3 };
export const COORDINATOR_CALLS = 7;
export const RESULT_CHARS = 4000;

export type Step = { readonly text: string; readonly calls: readonly { tool: string; args: JsonValue }[] };

/** What the model says next to a body of the Responses API, found by searching it: the cheapest model there is. */
export function nextStep(body: string): Step {
  const results = body.split('"type":"function_call_output"').length - 1;
  if (body.includes('"name":"sessions_spawn"')) return coordinatorStep(body, results);
  if (results >= 5) return { text: '', calls: [{ tool: 'report', args: REPORT }] };
  const looks = results === 3 ? 2 : 1;
  const service = /service:svc-\d+/.exec(body)?.[0] ?? 'service:svc-0';
  const call = (nth: number) => ({ tool: 'logs_search', args: { service, level: 'any', minutes: nth } });
  return { text: '', calls: Array.from({ length: looks }, (_, i) => call(results + i + 1)) };
}

const REPORT = { role: 'monitor', verdict: 'unclear', signal: null, since: null, findings: [] };

function coordinatorStep(body: string, spawned: number): Step {
  const isWoken = body.lastIndexOf('"role":"user"') > body.lastIndexOf('"type":"function_call_output"');
  if (!isWoken || spawned >= WORK.spawns) return { text: 'Waiting.', calls: [] };
  const service = /service:svc-\d+/.exec(body)?.[0] ?? 'service:svc-0';
  const brief = { role: 'monitor', service, severity: 'critical', about: 'error_ratio', startedAt: 1_000 };
  return { text: '', calls: [{ tool: 'sessions_spawn', args: { role: 'monitor', brief } }] };
}
