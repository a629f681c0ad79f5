/** Parts of a file that may be of any shape: what is not a group or a list is an empty one, reported elsewhere. */
export type Group = Readonly<Record<string, unknown>>;

export function group(value: unknown): Group {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value))
    : {};
}

export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
