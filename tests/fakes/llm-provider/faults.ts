import { type Noise, seededNoise } from '../seeded-noise.ts';
import type { Asked, Refused, Said } from './asked.ts';

/** What can go wrong with one request. Times in ms of the provider's clock. */
export type Fault =
  | { kind: 'rate_limited'; retryAfterMs: number; header: 'retry-after' | 'retry-after-ms' }
  | { kind: 'overloaded' }
  | { kind: 'server_error' }
  | { kind: 'auth' }
  | { kind: 'unknown_model' }
  | { kind: 'too_long' }
  | { kind: 'slow_start'; ms: number }
  | { kind: 'slow_chunks'; ms: number }
  /** The socket is closed after this share of the reply, 0..1; at 0 before the first byte. */
  | { kind: 'cut'; after: number }
  | { kind: 'malformed' }
  | { kind: 'wrong_type' }
  | { kind: 'refusal' }
  | { kind: 'length' }
  | { kind: 'bad_arguments' }
  | { kind: 'unknown_tool' }
  | { kind: 'duplicate_ids' }
  | { kind: 'empty' };

/**
 * Which requests go wrong: the first ones as listed (null = well), all of them, a share of them by the seed, or so many of
 * those whose answer calls a tool (only a fault that spoils answers fits there).
 */
export type FaultPlan =
  | { kind: 'none' }
  | { kind: 'first'; faults: readonly (Fault | null)[] }
  | { kind: 'all'; fault: Fault }
  | { kind: 'share'; share: number; among: readonly Fault[] }
  | { kind: 'calling'; tool: string; times: number; fault: Fault };

/** Faults that pass by themselves or that another attempt may get around, quick enough for tests. */
export const passing: readonly Fault[] = [
  { kind: 'rate_limited', retryAfterMs: 50, header: 'retry-after-ms' },
  { kind: 'rate_limited', retryAfterMs: 1000, header: 'retry-after' },
  { kind: 'overloaded' },
  { kind: 'server_error' },
  { kind: 'cut', after: 0 },
  { kind: 'cut', after: 0.5 },
  { kind: 'cut', after: 0.95 },
  { kind: 'malformed' },
  { kind: 'wrong_type' },
];

/** Draws the fault of each request in turn. */
export function createFaults(seed: number): (plan: FaultPlan, nth: number) => Fault | null {
  const noise: Noise = seededNoise(seed);
  const draw = (): number => (noise() + 1) / 2;
  return (plan, nth) => {
    switch (plan.kind) {
      case 'none':
      case 'calling':
        return null;
      case 'first':
        return plan.faults[nth] ?? null;
      case 'all':
        return plan.fault;
      case 'share': {
        const [hits, which] = [draw() < plan.share, draw()];
        return hits ? (plan.among[Math.floor(which * plan.among.length)] ?? null) : null;
      }
    }
  };
}

/** The error answer of a fault that is one. */
export function refusalOf(fault: Fault, api: 'anthropic' | 'openai'): Refused | null {
  const refused = (status: number, type: string, message: string, code: string | null = null): Refused => ({
    ...{ kind: 'refused', status, type, message, code },
  });
  switch (fault.kind) {
    case 'rate_limited':
      return refused(
        429,
        'rate_limit_error',
        'too many requests',
        api === 'openai' ? 'rate_limit_exceeded' : null,
      );
    case 'overloaded':
      return api === 'anthropic'
        ? refused(529, 'overloaded_error', 'Overloaded')
        : refused(503, 'server_error', 'The engine is currently overloaded');
    case 'server_error':
      return refused(500, api === 'anthropic' ? 'api_error' : 'server_error', 'Internal server error');
    case 'auth':
      return api === 'anthropic'
        ? refused(401, 'authentication_error', 'invalid x-api-key')
        : refused(401, 'invalid_request_error', 'Incorrect API key provided', 'invalid_api_key');
    case 'unknown_model':
      return api === 'anthropic'
        ? refused(404, 'not_found_error', 'model: no such model')
        : refused(404, 'invalid_request_error', 'The model does not exist', 'model_not_found');
    case 'too_long':
      return api === 'anthropic'
        ? refused(400, 'invalid_request_error', 'prompt is too long: 210000 tokens > 200000 maximum')
        : refused(
            400,
            'invalid_request_error',
            'Your input exceeds the context window',
            'context_length_exceeded',
          );
    default:
      return null;
  }
}

/** What a fault makes of an answer; the call that is spoilt is the first, or one of a tool that the request offers. */
export function spoil(said: Said, fault: Fault | null, { tools }: Asked): Said {
  const [first = { id: 'call_spoilt', tool: tools[0]?.name ?? 'report', args: '{}' }, ...others] = said.calls;
  switch (fault?.kind) {
    case 'refusal':
      return { text: '', calls: [], stop: 'refusal' };
    case 'length':
      return { text: said.text.slice(0, Math.ceil(said.text.length / 2)), calls: [], stop: 'length' };
    case 'bad_arguments': {
      const cut = { ...first, args: `${first.args.slice(0, Math.max(1, first.args.length - 3))}"` };
      return { ...said, calls: [cut, ...others], stop: 'tool_use' };
    }
    case 'unknown_tool':
      return {
        ...said,
        calls: [{ ...first, tool: 'shell_exec', args: '{"command":"uptime"}' }],
        stop: 'tool_use',
      };
    case 'duplicate_ids':
      return { ...said, calls: [first, first, ...others], stop: 'tool_use' };
    case 'empty':
      return { text: '', calls: [], stop: 'end' };
    default:
      return said;
  }
}
