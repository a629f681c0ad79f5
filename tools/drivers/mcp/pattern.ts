/** Longest value that is held against a pattern. */
export const MAX_VALUE = 200;
/** Parts of a pattern that may match more or less; each of them multiplies the time for a value. */
const MOST_ELASTIC = 3;

const ATOM =
  /^(?:\\[dw.\-/+*?()[\]{}|^$@]|\[(?:\\[dw.\-/\]\\]|[A-Za-z0-9 _.:/@=,+-])+\]|[A-Za-z0-9 _:/@=,-])/;
const COUNT = /^(?:[?+*]|\{\d{1,3}(?:,\d{0,3})?\})/;

/**
 * Reads the pattern of an argument: from `^` to `$`, one class or character after the other, each with a count; no groups, no
 * alternatives, no references, at most three counts that are not fixed. So every check ends in time that the length of a value bounds,
 * whatever the value. Gives what is wrong with another pattern, to follow its text.
 */
export function readPattern(pattern: string): RegExp | string {
  if (!pattern.startsWith('^') || !pattern.endsWith('$')) return 'must begin with ^ and end with $';
  let rest = pattern.slice(1, -1);
  let elastic = 0;
  while (rest !== '') {
    const atom = ATOM.exec(rest)?.[0];
    if (atom === undefined) return 'may only hold characters, classes such as [a-z0-9] and counts';
    rest = rest.slice(atom.length);
    const count = COUNT.exec(rest)?.[0] ?? '';
    rest = rest.slice(count.length);
    if (count !== '' && !/^\{\d+\}$/.test(count)) elastic += 1;
  }
  if (elastic > MOST_ELASTIC) return `may hold at most ${MOST_ELASTIC} counts that are not fixed`;
  try {
    return new RegExp(pattern, 'u');
  } catch {
    return 'is not a pattern';
  }
}
