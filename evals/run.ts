import { FirebreakError } from '#core/errors.ts';
import type { Score, Suite, SuiteOptions } from './suite.ts';

/** Each suite by its name; its code is loaded when it is asked for. */
const suites: Readonly<Record<string, () => Promise<Suite>>> = {
  own: () => import('./own/suite.ts').then(({ own }) => own),
  cloudopsbench: () => import('./cloudopsbench/suite.ts').then(({ cloudopsbench }) => cloudopsbench),
  rca: () => import('./rca/suite.ts').then(({ rca }) => rca),
};

export const suiteNames = (): readonly string[] => Object.keys(suites);

/** Models that need no key and no wire. */
const MODELS: readonly string[] = ['rules'];

/** Runs one suite. Throws `usage` for a suite or model that there is none of. */
export async function runSuite(name: string, options: SuiteOptions): Promise<Score> {
  const load = suites[name];
  if (load === undefined)
    throw new FirebreakError('usage', `there is no suite ${name}; there are: ${suiteNames().join(', ')}`);
  if (!MODELS.includes(options.model))
    throw new FirebreakError('usage', `evals run with: ${MODELS.join(', ')}; not with ${options.model}`);
  return (await load())(options);
}
