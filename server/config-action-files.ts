import { resolve } from 'node:path';
import { inspectProgram } from '#tools/drivers/program-file.ts';
import { actSecretRef } from './config-fields.ts';
import { group, list } from './config-shape.ts';
import type { Problem } from './config-yaml.ts';
import { secretFileProblem } from './secret-file.ts';

/**
 * What is wrong with the programs that a file's actions name, and with the files of their secrets, as they lie there now.
 * The secrets are looked at and not read: only the process that makes changes does that.
 */
export function checkActionFiles(file: unknown, base: string): Problem[] {
  return list(group(file).actions).flatMap((one, at): Problem[] => {
    const { argv, undo, env } = group(one);
    const path = ['actions', at];
    const programs = [
      { where: [...path, 'argv', 0], program: list(argv)[0] },
      { where: [...path, 'undo', 'argv', 0], program: list(group(undo).argv)[0] },
    ];
    const unfit = programs.flatMap(({ where, program }): Problem[] => {
      if (typeof program !== 'string' || !program.startsWith('/')) return [];
      const seen = inspectProgram(program);
      return seen.kind === 'fine' ? [] : [{ path: where, message: seen.why }];
    });
    const secrets = Object.entries(group(env)).flatMap(([name, ref]): Problem[] => {
      if (!actSecretRef.safeParse(ref).success) return [];
      const problem = secretFileProblem(resolve(base, String(ref).slice('file:'.length)));
      return problem === undefined ? [] : [{ path: [...path, 'env', name], message: problem }];
    });
    return [...unfit, ...secrets];
  });
}
