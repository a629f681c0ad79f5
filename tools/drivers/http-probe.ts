import type { Clock } from '#core/clock.ts';
import { wayTo } from '#core/egress.ts';
import { askHttp, gapOf } from './http-text.ts';
import type { ProbeDriver } from './ports.ts';

/**
 * Health checks over HTTP. That nothing listens, or that no answer came in time, is an observation about the service:
 * status 0. Nothing but `to` is asked. What says nothing about it (an unknown host, a stopped run) is a gap. Never throws.
 */
export function createHttpProbe(
  settings: { readonly to: readonly string[]; readonly timeoutMs?: number },
  clock: Clock,
): ProbeDriver {
  const send = wayTo(...settings.to);
  const timeoutMs = settings.timeoutMs ?? 2000;
  return {
    get: async (url, signal) => {
      const began = clock.mono();
      const answer = await askHttp({ url, timeoutMs, send }, clock, signal);
      const ms = Math.round(clock.mono() - began);
      if (answer.kind === 'answer') return { kind: 'seen', value: { status: answer.status, ms } };
      const silent = answer.reason === 'timeout' && !signal.aborted;
      if (silent || answer.detail === 'ECONNREFUSED') return { kind: 'seen', value: { status: 0, ms } };
      if (answer.reason === 'too_large') return { kind: 'gap', reason: 'bad_answer', detail: answer.detail };
      return gapOf(answer);
    },
  };
}
