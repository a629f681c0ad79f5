import { FirebreakError } from '#core/errors.ts';
import { hostileModel } from '#llm/hostile.ts';
import type { MakeModel } from './model-maker.ts';
import { routed } from './routed.ts';
import { scriptedProvider } from './scripted-provider.ts';
import { tapedModel } from './taped.ts';

/** Models that need no key and no wire, in the order in which they are shown. */
export const keylessModels = ['rules', 'scripted', 'recorded', 'hostile'] as const;
export type KeylessModel = (typeof keylessModels)[number];

/** How each plays a case. */
const makers: Readonly<Record<KeylessModel, MakeModel>> = {
  rules: async () => ({ model: ({ rules }) => rules }),
  scripted: async ({ inventory, failsAfter }) => {
    const provider = scriptedProvider(inventory, failsAfter);
    return { model: (parts) => routed(parts, { provider, model: 'script' }) };
  },
  recorded: tapedModel,
  hostile: async ({ seed }) => ({ model: ({ rules }) => hostileModel({ seed, accomplice: rules }) }),
};

/** The model of this name. Throws `usage` for one that there is none of. */
export function keylessModel(name: string): MakeModel {
  const known = keylessModels.find((one) => one === name);
  if (known !== undefined) return makers[known];
  throw new FirebreakError('usage', `evals run with: ${keylessModels.join(', ')}; not with ${name}`);
}
