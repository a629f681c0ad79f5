import { readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { FirebreakError, messageOf } from '#core/errors.ts';
import { Secret } from '#core/secret.ts';
import type { Common, Context } from './context.ts';

/** What a header can carry; anything else is no token, and must not be repeated in an error about it. */
const TOKEN = /^[\x21-\x7e]{1,1024}$/;

/**
 * The personal token: from `--token-file`, else FIREBREAK_TOKEN, else `~/.config/firebreak/token`. Undefined when there
 * is none. Throws `forbidden` for a file that others can read and for what cannot be a token, `not_found` for a named
 * file that is not there.
 */
export function personalToken(
  { tokenFile }: Common,
  { token, home, cwd }: Pick<Context, 'token' | 'home' | 'cwd'>,
): Secret | undefined {
  if (tokenFile !== undefined) return readToken(resolve(cwd, tokenFile), true);
  if (token !== undefined && token.trim() !== '') return tokenOf(token.trim(), 'FIREBREAK_TOKEN');
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
  const text = textOf(path);
  return text === '' ? undefined : tokenOf(text, path);
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    throw new FirebreakError('forbidden', `token file ${path} cannot be read: ${messageOf(error)}`);
  }
}

function tokenOf(text: string, where: string): Secret {
  if (TOKEN.test(text)) return new Secret(text);
  throw new FirebreakError(
    'forbidden',
    `what ${where} holds is no personal token, which is one word: fbk_ and 43 letters and digits`,
  );
}
