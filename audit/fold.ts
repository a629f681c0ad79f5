import type { Entry } from './log.ts';

/**
 * State computed from entries alone, in log order. `save` returns plain JSON (floats allowed) that `load` accepts;
 * `load` throws when it cannot use what it was given, which costs a full replay and nothing else.
 * Two folds that applied the same entries save equal states (order of keys aside). `apply` must not throw: the log
 * stops taking entries if it does. `version` changes whenever the meaning of the saved state or of `apply` does.
 */
export type Fold = {
  readonly name: string;
  readonly version: number;
  apply(entry: Entry): void;
  save(): unknown;
  load(state: unknown): void;
  reset(): void;
};
