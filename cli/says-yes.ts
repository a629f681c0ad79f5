import { FirebreakError } from '#core/errors.ts';
import type { Context } from './context.ts';

/** Whether a person agrees: by `--yes`, or asked on a terminal. Throws `usage` where nobody can be asked; `to` completes "add --yes to". */
export async function saysYes(
  yes: boolean | undefined,
  { prompt }: Context,
  { question, to }: { question: string; to: string },
): Promise<boolean> {
  if (yes === true) return true;
  if (prompt === null)
    throw new FirebreakError('usage', `there is no terminal to ask at: add --yes to ${to}`);
  return prompt.confirm(question);
}
