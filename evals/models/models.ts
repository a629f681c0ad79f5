import { FirebreakError } from '#core/errors.ts';
import type { Inventory } from '#incidents/inventory.ts';
import { hostileModel } from '#llm/hostile.ts';
import type { Model } from '#llm/model.ts';
import type { ModelParts } from '../engine.ts';
import { routed } from './routed.ts';
import { scriptedProvider } from './scripted-provider.ts';
import { tapedModel } from './taped.ts';

/** The case that a model is made for. */
export type ForCase = {
  readonly id: string;
  readonly seed: number;
  readonly inventory: Inventory;
  /** The case wants a provider that fails after so many answers; null = it answers. */
  readonly failsAfter: number | null;
};

type MakeFor = (parts: ModelParts) => Model | Promise<Model>;

/** `rehearsal` plays a run before the one that counts. `paced`: waits must take real time, because a real provider is asked. */
export type Made = {
  readonly model: MakeFor;
  readonly rehearsal?: MakeFor;
  readonly paced?: true;
  close?(): Promise<void>;
};
export type MakeModel = (one: ForCase) => Promise<Made>;

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
