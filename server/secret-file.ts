import { readFileSync, statSync } from 'node:fs';
import { Secret } from '#core/secret.ts';

const MAX_SECRET_BYTES = 8 * 1024;

/** The secret in a file that only its owner can read, or what is wrong with the file. Never throws. */
export function readSecretFile(path: string): Secret | string {
  const problem = secretFileProblem(path);
  if (problem !== undefined) return problem;
  try {
    const value = readFileSync(path, 'utf8').trim();
    return value === '' ? `${path} is empty` : new Secret(value);
  } catch {
    return `${path} cannot be read`;
  }
}

/** What is wrong with a file that should hold a secret, as far as that can be told without reading it. Never throws. */
export function secretFileProblem(path: string): string | undefined {
  try {
    const status = statSync(path);
    if (!status.isFile()) return `${path} is not a file`;
    if ((status.mode & 0o077) !== 0) return `${path} can be read by others; chmod 600 ${path}`;
    if (status.size === 0) return `${path} is empty`;
    return status.size > MAX_SECRET_BYTES ? `${path} is too large for a secret` : undefined;
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    return missing ? `there is no file ${path}` : `${path} cannot be read`;
  }
}
