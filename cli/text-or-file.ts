import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { FirebreakError, messageOf } from '#core/errors.ts';
import type { Context } from './context.ts';

/**
 * Content of a file, when the value of an option names one that is there; else the value itself. Throws `usage` naming
 * what cannot be read.
 */
export function textOrFile(value: string, { cwd }: Pick<Context, 'cwd'>): string {
  const path = resolve(cwd, value);
  if (value.length >= 4096 || !existsSync(path)) return value;
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new FirebreakError('usage', `cannot read ${path}: ${messageOf(error)}`);
  }
}
