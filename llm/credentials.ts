import { FirebreakError } from '#core/errors.ts';
import type { Secret } from '#core/secret.ts';

/** The header that carries a key. Throws `config_invalid`, without the key, when no header can hold it. */
export function bearer(provider: string, key: Secret): string {
  const text = key.reveal();
  if (/^[\x21-\x7e]{1,1024}$/.test(text)) return `Bearer ${text}`;
  throw new FirebreakError(
    'config_invalid',
    `the key of model provider ${provider} is empty or holds white space or characters that a key cannot have`,
  );
}
