import { CallId } from '#core/ids.ts';
import type { Item, ResultOutcome, ToolSpec } from '#llm/model.ts';
import type { Provider, ProviderRequest } from '#llm/provider.ts';

export const look: ToolSpec = {
  name: 'metrics_query',
  description: 'Looks at one signal.',
  schema: {
    type: 'object',
    properties: {
      service: { type: 'string', pattern: '^service:', maxLength: 80 },
      minutes: { type: 'integer', minimum: 1 },
    },
    required: ['service', 'minutes'],
    additionalProperties: false,
  },
};
export const report: ToolSpec = {
  name: 'report',
  description: 'Ends the work.',
  schema: { type: 'object', properties: {}, required: [], additionalProperties: false },
};

export const brief: Item = { kind: 'input', source: 'brief', value: null, text: 'Look at service:checkout.' };

export function asked(...ids: string[]): Item {
  const args = { service: 'service:checkout', minutes: 5 };
  return { kind: 'reply', text: 'I look.', calls: ids.map((id) => ({ id, tool: 'metrics_query', args })) };
}

export function answered(id: string, text: string, outcome: ResultOutcome = 'ok'): Item {
  const call = outcome === 'refused' ? null : CallId.parse('e7');
  return { kind: 'result', id, call, tool: 'metrics_query', outcome, value: null, text };
}

export function aRequest(change: Partial<ProviderRequest> = {}): ProviderRequest {
  return {
    model: 'model-a',
    head: 'You look at signals.',
    tools: [look, report],
    items: [brief],
    maxOutputTokens: 1000,
    mustCall: false,
    ...change,
  };
}

export const never = new AbortController().signal;

export function ask(provider: Provider, change: Partial<ProviderRequest> = {}, signal = never) {
  return provider.attempt(aRequest(change), signal);
}
