import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Context } from './context.ts';

/** Content of a file, when the value of an option names one that is there; else the value itself. */
export function textOrFile(value: string, { cwd }: Pick<Context, 'cwd'>): string {
  const path = resolve(cwd, value);
  return value.length < 4096 && existsSync(path) ? readFileSync(path, 'utf8') : value;
}
