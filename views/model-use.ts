import { inert } from '#core/inert.ts';
import type { Incident } from '#incidents/incident.ts';
import type { IncidentSpend } from '#incidents/spend-fold.ts';
import { count, dollars } from './numbers.ts';
import { plainReason } from './words.ts';

/** Who played the agents of an incident, what it cost and of what budget; `usdMicros` holds what is reserved. */
export type ModelUse = {
  /** Turns that rules and models answered. */
  readonly rules: number;
  readonly model: number;
  readonly usdMicros: number;
  /** Null where no model was ever asked. */
  readonly limitUsdMicros: number | null;
  /** Turns that another than the first choice answered: the last of them by whom, and why. */
  readonly fallback: { readonly turns: number; readonly by: string; readonly why: string } | null;
  readonly roles: readonly RoleUse[];
};
export type RoleUse = {
  readonly role: string;
  readonly attempts: number;
  readonly failed: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly usdMicros: number;
};

/** The figures of an incident, from its own entries. */
export function modelUse({ models }: Incident, spend: IncidentSpend | undefined): ModelUse {
  const { rules, model, usdMicros, fallback } = models;
  return {
    rules,
    model,
    usdMicros,
    limitUsdMicros: spend?.limitUsdMicros ?? null,
    fallback: fallback && {
      turns: fallback.turns,
      by: inert(fallback.model),
      why: fallbackWords(fallback.why),
    },
    roles: Object.entries(spend?.roles ?? {}).map(([role, use]) => ({ role: inert(role), ...use })),
  };
}

/** `AI model, 12 model calls, $0.42 of $1.00`. */
export function modelUseLine({ rules, model, usdMicros, limitUsdMicros }: ModelUse): string {
  const who = model === 0 ? 'rules only' : rules === 0 ? 'AI model' : 'rules and AI model';
  const limit = limitUsdMicros === null ? '' : ` of ${dollars(limitUsdMicros)}`;
  return `${who}, ${count(model, 'model call')}, ${dollars(usdMicros)}${limit}`;
}

/** `rules answered 3 turns: the budget of this incident is spent`. */
export function fallbackLine({ turns, by, why }: NonNullable<ModelUse['fallback']>): string {
  return `${by} answered ${count(turns, 'turn')}: ${why}`;
}

/** `diagnosis $0.21: 7 attempts, 1 failed, 41200 tokens in, 310 out`. */
export function roleUseLine({
  role,
  attempts,
  failed,
  inputTokens,
  outputTokens,
  usdMicros,
}: RoleUse): string {
  const broken = failed === 0 ? '' : `, ${failed} failed`;
  return `${role} ${dollars(usdMicros)}: ${count(attempts, 'attempt')}${broken}, ${inputTokens} tokens in, ${outputTokens} out`;
}

const WHYS: ReadonlyMap<string, string> = new Map([
  ['not_configured', 'no model is configured for this agent'],
  ['rate_limited', 'the model’s provider takes no more requests for now'],
  ['overloaded', 'the model’s provider is overloaded'],
  ['unavailable', 'the model cannot be reached'],
  ['timeout', 'the model did not answer in time'],
  ['breaker_open', 'the model failed several times and is left alone for half a minute'],
  ['incident_spent', 'the budget of this incident is spent'],
  ['role_spent', 'the budget of this agent is spent'],
  ['day_spent', 'the budget of today is spent'],
  ['key_refused', 'the model’s provider refuses the key'],
  ['unknown_model', 'the provider does not know the model'],
  ['prompt_too_long', 'the conversation is too long for the model'],
  ['rejected', 'the model’s provider refuses the request'],
  ['invalid_reply', 'the model’s answer could not be read'],
]);

/** Why the first choice did not answer, for people. */
export function fallbackWords(why: string): string {
  return WHYS.get(why) ?? plainReason(inert(why));
}
