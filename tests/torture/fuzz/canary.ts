/** A made-up secret of a known format that stands in the valid inputs; put together, so that this file holds none. */
export const CANARY = ['sk-', 'ant-api03-', 'a1B2c3D4', 'e5F6g7H8', 'i9J0k1L2', 'm3N4o5P6'].join('');

/** So much of it in a row is a leak. Fewer characters are not known as a secret by anybody. */
const TRACE = 26;
const traces = Array.from({ length: CANARY.length - TRACE + 1 }, (_none, at) => CANARY.slice(at, at + TRACE));

const holdsTrace = (text: string): boolean => traces.some((trace) => text.includes(trace));

/** Whether the input holds the secret whole, and no part of it that was cut out: nobody can know half a secret as one. */
export function holdsWhole(input: string): boolean {
  return input.includes(CANARY) && !holdsTrace(input.replaceAll(CANARY, '\n'));
}

/** Whether what is shown gives it away. */
export function isLeaked(shown: unknown): boolean {
  return shown !== undefined && holdsTrace(typeof shown === 'string' ? shown : JSON.stringify(shown));
}
