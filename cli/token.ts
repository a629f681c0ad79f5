import { readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { FirebreakError, messageOf } from '#core/errors.ts';
import { Secret } from '#core/secret.ts';
import type { Common, Context } from './context.ts';

/**
 * The personal token: from `--token-file`, else FIREBREAK_TOKEN, else `~/.config/firebreak/token`. Undefined when there
 * is none. Throws `forbidden` for a file that others can read, `not_found` for a named file that is not there.
 */
export function personalToken(
  { tokenFile }: Common,
  { token, home, cwd }: Pick<Context, 'token' | 'home' | 'cwd'>,
): Secret | undefined {
  if (tokenFile !== undefined) return readToken(resolve(cwd, tokenFile), true);
  if (token !== undefined && token.trim() !== '') return new Secret(token.trim());
  return readToken(join(home, '.config', 'firebreak', 'token'), false);
}

function readToken(path: string, named: boolean): Secret | undefined {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) {
    if (named) throw new FirebreakError('not_found', `token file ${path} does not exist`);
    return undefined;
  }
  if ((stat.mode & 0o077) !== 0)
    throw new FirebreakError(
      'forbidden',
      `${path} can be read by others; make it private: chmod 600 ${path}`,
    );
  try {
    const text = readFileSync(path, 'utf8').trim();
    return text === '' ? undefined : new Secret(text);
  } catch (error) {
    throw new FirebreakError('forbidden', `token file ${path} cannot be read: ${messageOf(error)}`);
  }
}
