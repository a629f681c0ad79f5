import type { IncomingHttpHeaders } from 'node:http';
import type { JsonValue } from '#core/canonical.ts';
import type { Refused } from './asked.ts';

export function bearer({ authorization }: IncomingHttpHeaders): string | undefined {
  return /^Bearer (.+)$/.exec(authorization ?? '')?.[1];
}

export function openaiError({ type, code, message }: Refused): JsonValue {
  return { error: { message, type, param: null, code } };
}
