/** A member of that name would take the place of what every object inherits, and whoever makes text of the object would throw. */
const TAKES_THE_PLACE = 'toString';
/** A name can be written with escapes. */
const MAY_BE_THERE = /toString|\\u00/;

/**
 * The value of foreign JSON; undefined where it is none. Never throws. Members that would break those who read the value,
 * schemas among them, are left out. For text that is signed or hashed use `parseJson`, which refuses instead.
 */
export function readJson(text: string): unknown {
  try {
    return MAY_BE_THERE.test(text) ? JSON.parse(text, without) : JSON.parse(text);
  } catch {
    return undefined;
  }
}

function without(key: string, value: unknown): unknown {
  return key === TAKES_THE_PLACE ? undefined : value;
}
