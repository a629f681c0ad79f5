/**
 * The k-th smallest of the first `length` values, found in place (Hoare 1961): the buffer is reordered so that nothing
 * before `k` is larger. The values must be numbers, not NaN. Expected linear time, no allocation.
 */
export function selectInPlace(values: Float64Array, k: number, length: number): number {
  let left = 0;
  let right = length - 1;
  while (left < right) {
    const pivot = middleOf(values, left, right);
    let i = left;
    let j = right;
    while (i <= j) {
      while (at(values, i) < pivot) i += 1;
      while (at(values, j) > pivot) j -= 1;
      if (i <= j) {
        const held = at(values, i);
        values[i] = at(values, j);
        values[j] = held;
        i += 1;
        j -= 1;
      }
    }
    if (k <= j) right = j;
    else if (k >= i) left = i;
    else break;
  }
  return at(values, k);
}

/** A typed array read as a number; NaN outside of it. */
export function at(values: Float64Array, index: number): number {
  return values[index] ?? Number.NaN;
}

/** Median of three, so that sorted input is no worst case. */
function middleOf(values: Float64Array, left: number, right: number): number {
  const a = at(values, left);
  const b = at(values, (left + right) >>> 1);
  const c = at(values, right);
  return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
}
