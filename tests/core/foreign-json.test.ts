import fc from 'fast-check';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { readJson } from '#core/foreign-json.ts';

test.each(['toString', '\\u0074oString', 'toStr\\u0069ng'])(
  'a member %s, which would break whoever makes text of its object, is left out',
  (name) => {
    const value = readJson(`{"length": {"${name}": 1}, "b": 2}`);
    expect(value).toEqual({ length: {}, b: 2 });
    const schema = z.union([z.string().max(3), z.array(z.string()).max(3)]);
    expect(schema.safeParse(value).success).toBe(false);
  },
);

test('any other JSON is read as it stands, and what is none has no value', () => {
  fc.assert(
    fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
      const text = JSON.stringify(value);
      fc.pre(!text.includes('toString'));
      expect(readJson(text)).toEqual(JSON.parse(text));
    }),
  );
  for (const text of ['', '{', '[1,]', 'nope']) expect(readJson(text)).toBeUndefined();
});
