import { inspect } from 'node:util';
import { FirebreakError } from './errors.ts';

/**
 * A secret value that can be used but not written out: JSON, templates and string joins throw, inspection shows
 * `[secret]`. Whoever needs the text calls `reveal()` at the line that sends it, each time anew: it may have changed.
 */
export class Secret {
  readonly #read: () => string;
  /** A text, or what gives it; the latter throws `secret_unusable` where the secret cannot be trusted now. */
  constructor(value: string | (() => string)) {
    this.#read = typeof value === 'string' ? () => value : value;
  }
  /** The text as it is now; throws `secret_unusable`, with a line for people and without the text. */
  reveal(): string {
    return this.#read();
  }
  /** The same, or undefined where that throws or there is no text: for whoever then believes nobody. */
  ifUsable(): string | undefined {
    try {
      return this.#read() || undefined;
    } catch (error) {
      if (error instanceof FirebreakError && error.code === 'secret_unusable') return undefined;
      throw error;
    }
  }
  toJSON(): never {
    throw new FirebreakError('bug', 'a secret was about to be written as JSON');
  }
  toString(): never {
    throw new FirebreakError('bug', 'a secret was about to be written as text');
  }
  [Symbol.toPrimitive](): never {
    throw new FirebreakError('bug', 'a secret was about to be written as text');
  }
  [inspect.custom](): string {
    return '[secret]';
  }
}
