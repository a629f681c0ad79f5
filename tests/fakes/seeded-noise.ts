/** The next number of a series, -1..1. */
export type Noise = () => number;

/** A series that depends on the seed only (mulberry32). */
export function seededNoise(seed: number): Noise {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = Math.imul(state ^ (state >>> 15), state | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 31 - 1;
  };
}
