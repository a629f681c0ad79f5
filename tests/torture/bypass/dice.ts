/** Chance that a seed repeats: what a run did can be done again. */
export type Dice = {
  /** 0 <= n < sides. */
  roll(sides: number): number;
  one<T>(of: readonly T[]): T;
};

export function diceOf(seed: number): Dice {
  let state = (seed * 0x9e3779b1) >>> 0;
  const roll = (sides: number): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * sides);
  };
  return {
    roll,
    one: (of) => {
      const found = of[roll(of.length)];
      if (found === undefined) throw new Error('there is nothing to choose from');
      return found;
    },
  };
}
