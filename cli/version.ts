import { readFileSync } from 'node:fs';
import { parseJson } from '#core/canonical.ts';
import { FirebreakError } from '#core/errors.ts';

/** The version in package.json. */
export function version(): string {
  const json = parseJson(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  const value =
    json.kind === 'ok' && json.value !== null && typeof json.value === 'object' && 'version' in json.value
      ? json.value.version
      : undefined;
  if (typeof value !== 'string') throw new FirebreakError('bug', 'package.json names no version');
  return value;
}
