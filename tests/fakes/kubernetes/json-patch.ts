export type Operation = {
  readonly op: 'test' | 'add' | 'replace' | 'remove';
  readonly path: string;
  readonly value?: unknown;
};

/** What the API server answers 422 with. */
export class PatchFailed extends Error {}

/** Applies a JSON patch (RFC 6902, without move and copy) to a copy of a document. Throws PatchFailed. */
export function patched<T extends object>(document: T, operations: readonly Operation[]): T {
  const root: { document: T } = { document: structuredClone(document) };
  for (const operation of operations) applyOne(root, operation);
  return root.document;
}

function applyOne(root: object, { op, path, value }: Operation): void {
  const keys = ['document', ...path.split('/').slice(1).map(unescaped)];
  const last = keys.pop() ?? '';
  const parent = keys.reduce<unknown>((at, key) => (isObject(at) ? at[key] : undefined), root);
  if (!isObject(parent)) throw new PatchFailed(`${path} has no parent`);
  const has = Object.hasOwn(parent, last);
  switch (op) {
    case 'test':
      if (!same(parent[last], value)) throw new PatchFailed(`testing value ${path} failed`);
      return;
    case 'add':
      parent[last] = structuredClone(value);
      return;
    case 'replace':
      if (!has) throw new PatchFailed(`${path} does not exist`);
      parent[last] = structuredClone(value);
      return;
    case 'remove':
      if (!has) throw new PatchFailed(`${path} does not exist`);
      delete parent[last];
  }
}

const unescaped = (key: string): string => key.replaceAll('~1', '/').replaceAll('~0', '~');
const same = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
