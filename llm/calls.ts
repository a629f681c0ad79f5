import { hash } from 'node:crypto';
import { type JsonValue, parseJson } from '#core/canonical.ts';
import type { ModelCall } from './model.ts';

const NAME = /^[A-Za-z0-9_.:-]{1,120}$/;
/** What every provider takes as the id of a call. */
const WIRE_ID = /^[A-Za-z0-9_-]{1,64}$/;

/**
 * Arguments as a model wrote them. Text that is no JSON, repeats a key or is nested too deeply becomes null: the call
 * stays, is refused where arguments are checked, and the model can repair it. No text means no arguments.
 */
export function argsOf(text: string): JsonValue {
  if (text === '') return {};
  const parsed = parseJson(text, { floats: true });
  return parsed.kind === 'ok' ? parsed.value : null;
}

/** The calls of a reply; null when they cannot be told apart or have no plain name, so that no result could be paired. */
export function pairable(calls: readonly ModelCall[]): readonly ModelCall[] | null {
  const ids = new Set(calls.map(({ id }) => id));
  const isFine = ids.size === calls.length && calls.every(({ id, tool }) => NAME.test(id) && NAME.test(tool));
  return isFine ? calls : null;
}

/** The id of a call as it is sent: its own, or one made from it where the call comes from elsewhere. */
export function wireId(id: string): string {
  return WIRE_ID.test(id) ? id : `call_${hash('sha256', id, 'hex').slice(0, 32)}`;
}

/** A name that a provider accepts in a transcript, for a call whose tool never existed. */
export function wireName(tool: string): string {
  return WIRE_ID.test(tool) ? tool : 'unnamed';
}

/** Arguments as an object, which is what a transcript must hold even where the model wrote something else. */
export function argsObject(args: JsonValue): JsonValue {
  return args !== null && typeof args === 'object' && !Array.isArray(args) ? args : {};
}
