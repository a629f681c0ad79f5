import type { JsonValue } from '#core/canonical.ts';
import type { CallId, IncidentId, RunId, SessionKey } from '#core/ids.ts';

/**
 * What a session holds, in order. `value` is what rules read; `text` is what a language model reads. Append-only. A
 * `summary` stands for steps that a long request leaves out.
 */
export type Item =
  | { kind: 'input'; source: 'brief' | 'wake' | 'summary'; value: JsonValue; text: string }
  | { kind: 'reply'; text: string; calls: readonly ModelCall[] }
  | {
      kind: 'result';
      id: string;
      call: CallId | null;
      tool: string;
      outcome: ResultOutcome;
      value: JsonValue;
      text: string;
    };

/** `gap`: it could not be seen; `refused`: it was not allowed; `proposed`: people are asked. */
export type ResultOutcome = 'ok' | 'gap' | 'failed' | 'unknown' | 'refused' | 'proposed';

/** A call as a model asks for it: untrusted until the corridor has parsed it. */
export type ModelCall = { id: string; tool: string; args: JsonValue };

export type ToolSpec = { name: string; description: string; schema: JsonValue };

/** Whose turn it is: attempts and their cost are recorded under these. */
export type Turn = {
  readonly incident: IncidentId;
  readonly session: SessionKey;
  readonly run: RunId;
};

export type ModelRequest = {
  role: string;
  turn: Turn;
  /** Constant system prompt. */
  head: string;
  tools: readonly ToolSpec[];
  /** A later request of a run holds the same objects and more, but for steps that became a summary. It may be the live transcript. */
  items: readonly Item[];
  /** Calls left in this run, this one included: on the last one the model must report. */
  callsLeft: number;
};

/** `inputTokens` counts cached ones too. */
export type Usage = { inputTokens: number; outputTokens: number; usdMicros: number };

/**
 * Why rules, or another model than the first of the role, answered. The `_spent` ones name the budget; `key_refused`,
 * `unknown_model`, `prompt_too_long` and `rejected` are the provider's own word.
 */
export type FallbackReason =
  | 'not_configured'
  | 'rate_limited'
  | 'overloaded'
  | 'unavailable'
  | 'timeout'
  | 'breaker_open'
  | 'incident_spent'
  | 'role_spent'
  | 'day_spent'
  | 'key_refused'
  | 'unknown_model'
  | 'prompt_too_long'
  | 'rejected'
  | 'invalid_reply';

/** Which model answered, as `provider/model` or `rules`; `why` is null when it was the first choice of the role. */
export type AnsweredBy = {
  readonly model: string;
  readonly mode: 'rules' | 'model';
  readonly why: FallbackReason | null;
};

export type ModelReply =
  | {
      kind: 'reply';
      text: string;
      calls: readonly ModelCall[];
      stop: 'tool_use' | 'end' | 'length' | 'refusal';
      usage: Usage;
      by: AnsweredBy;
    }
  | { kind: 'failed'; reason: 'unavailable' | 'timeout' | 'aborted' | 'invalid_reply' | 'over_budget' };

/** The one port that rules, vendors, scripts and recordings implement. Never throws for a provider's failure. */
export type Model = {
  readonly name: string;
  reply(request: ModelRequest, signal: AbortSignal): Promise<ModelReply>;
};
