import { realRandom } from '#core/clock.ts';
import { FirebreakError } from '#core/errors.ts';
import type { Common, Context, Outcome } from '../context.ts';
import { dataDirOf } from '../data-dir.ts';
import { hasLog } from '../offline.ts';
import { saysYes } from '../says-yes.ts';

export type RotateOptions = Common & { readonly reason?: string; readonly yes?: boolean };

/** Asks, then gives the log another signing key and destroys the present one. Only while no server runs: it takes the lock. */
export async function rotateKey(options: RotateOptions, context: Context): Promise<Outcome> {
  const dir = dataDirOf(options, context);
  if (!hasLog(dir)) throw new FirebreakError('not_found', `there is no log in ${dir}`);
  const question = `Destroy the present key of the log in ${dir} for ever?`;
  const to = `destroy the present key of the log in ${dir}`;
  if (!(await saysYes(options.yes, context, { question, to })))
    return { lines: ['not changed; the same key signs'], json: { kind: 'not_changed' }, exit: 1 };
  const { openFileLog } = await import('#audit/file-log.ts');
  const { createFolds, foldList } = await import('#server/folds.ts');
  const { clock } = context;
  const command = 'firebreak audit rotate-key';
  const log = await openFileLog({ dir, clock, random: realRandom, command, folds: foldList(createFolds()) });
  try {
    await log.rotateKey(options.reason ?? 'asked for');
    const { note, size } = log.checkpoint();
    return {
      lines: [
        'another key signs from now on; keep this checkpoint elsewhere:',
        ...note.trimEnd().split('\n'),
      ],
      json: { size, note },
    };
  } finally {
    await log.close();
  }
}
