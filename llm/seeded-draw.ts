import { hash } from 'node:crypto';

/** Draws that depend on their seed only. */
export type Draw = {
  /** 0 to `limit` - 1. */
  below(limit: number): number;
  /** One of a list that is not empty. */
  pick<T>(list: readonly [T, ...T[]]): T;
};

export function createDraw(seed: string): Draw {
  let count = 0;
  const below = (limit: number): number => {
    count += 1;
    return Number.parseInt(hash('sha256', `${seed} ${count}`, 'hex').slice(0, 12), 16) % limit;
  };
  return { below, pick: ([first, ...rest]) => rest[below(rest.length + 1) - 1] ?? first };
}
