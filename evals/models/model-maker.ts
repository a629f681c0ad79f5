import type { Inventory } from '#incidents/inventory.ts';
import type { Model } from '#llm/model.ts';
import type { ModelParts } from '../engine.ts';

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
