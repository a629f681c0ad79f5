import type { Obj } from './store.ts';

/** Whether an object is meant by the selectors of a list. */
export function isSelected(object: Obj, query: URLSearchParams): boolean {
  const labels = pairs(query.get('labelSelector'));
  const fields = pairs(query.get('fieldSelector'));
  return (
    labels.every(({ key, value }) => object.metadata.labels?.[key] === value) &&
    fields.every(({ key, value, isNot }) => (at(object, key) === value) !== isNot)
  );
}

function pairs(text: string | null): { key: string; value: string; isNot: boolean }[] {
  return (text ?? '')
    .split(',')
    .filter((one) => one !== '')
    .map((one) => {
      const [key = '', value = ''] = one.split(/!=|==|=/);
      return { key, value, isNot: one.includes('!=') };
    });
}

function at(object: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>(
      (value, key) =>
        typeof value === 'object' && value !== null
          ? Object.entries(value).find(([k]) => k === key)?.[1]
          : undefined,
      object,
    );
}
