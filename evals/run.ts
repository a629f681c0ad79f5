import { FirebreakError } from '#core/errors.ts';
import { keylessModel } from './models/models.ts';
import type { Score, Suite, SuiteOptions } from './suite.ts';

/** Each suite by its name; its code is loaded when it is asked for. */
const suites: Readonly<Record<string, () => Promise<Suite>>> = {
  own: () => import('./own/suite.ts').then(({ own }) => own),
  cloudopsbench: () => import('./cloudopsbench/suite.ts').then(({ cloudopsbench }) => cloudopsbench),
  rca: () => import('./rca/suite.ts').then(({ rca }) => rca),
  opensre: () => import('./opensre/suite.ts').then(({ opensre }) => opensre),
  alerts: () => import('./alerts/suite.ts').then(({ alerts }) => alerts),
};

export const suiteNames = (): readonly string[] => Object.keys(suites);

/** Suites that other models than the rules can play; their code must hand `makeModel` on. */
const forModels: ReadonlySet<string> = new Set(['own']);

/** Runs one suite. Throws `usage` for a suite or model that there is none of. */
export async function runSuite(name: string, options: SuiteOptions): Promise<Score> {
  const load = suites[name];
  if (load === undefined)
    throw new FirebreakError('usage', `there is no suite ${name}; there are: ${suiteNames().join(', ')}`);
  if (options.model === 'rules') return (await load())(options);
  if (!forModels.has(name))
    throw new FirebreakError('usage', `${name} runs with rules; not with ${options.model}`);
  return (await load())({ makeModel: keylessModel(options.model), ...options });
}
