/** Makes a text fit to leave: takes secrets out of it. */
export type Clean = (text: string) => string;

/** A copy with every text in it made fit to leave; names of members, numbers and bytes stay as they are. */
export function cleanValue(value: unknown, clean: Clean): unknown {
  if (typeof value === 'string') return clean(value);
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  if (Array.isArray(value)) return value.map((one) => cleanValue(one, clean));
  return cleanMembers(value, clean);
}

/** The same of a group of settings or arguments. */
export function cleanMembers(members: object, clean: Clean): Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).map(([key, one]) => [key, cleanValue(one, clean)]));
}
