import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { FirebreakError } from '#core/errors.ts';
import { keylessModel } from './models/models.ts';
import type { Score, Suite, SuiteOptions } from './suite.ts';

/** Each suite by its name; its code is loaded when it is asked for. */
const suites: Readonly<Record<string, () => Promise<Suite>>> = {
  own: () => import('./own/suite.ts').then(({ own }) => own),
  cloudopsbench: () => import('./cloudopsbench/suite.ts').then(({ cloudopsbench }) => cloudopsbench),
  rca: () => import('./rca/suite.ts').then(({ rca }) => rca),
  opensre: () => import('./opensre/suite.ts').then(({ opensre }) => opensre),
  injections: () => import('./injections/suite.ts').then(({ injections }) => injections),
  alerts: () => import('./alerts/suite.ts').then(({ alerts }) => alerts),
};

export const suiteNames = (): readonly string[] => Object.keys(suites);

/** Suites that other models than the rules can play; their code must hand `makeModel` on. */
const forModels: ReadonlySet<string> = new Set(['own', 'injections']);

/** Runs one suite. Throws `usage` for a suite or model that there is none of. */
export async function runSuite(name: string, options: SuiteOptions): Promise<Score> {
  const load = suites[name];
  if (load === undefined) return runFolder(name, options);
  if (options.model === 'rules') return (await load())(options);
  if (!forModels.has(name))
    throw new FirebreakError('usage', `${name} runs with rules; not with ${options.model}`);
  return (await load())({ ...options, makeModel: options.makeModel ?? keylessModel(options.model) });
}

/** A name that is no suite is a folder with sealed cases. */
async function runFolder(dir: string, options: SuiteOptions): Promise<Score> {
  if (!existsSync(dir))
    throw new FirebreakError(
      'usage',
      `there is no suite ${basename(dir)} and no folder of that name with cases; suites are: ${suiteNames().join(', ')}`,
    );
  const { replayFolder } = await import('./replay/suite.ts');
  if (options.model === 'rules') return replayFolder(dir, options);
  return replayFolder(dir, { ...options, makeModel: options.makeModel ?? keylessModel(options.model) });
}
