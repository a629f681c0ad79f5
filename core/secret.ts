import { inspect } from 'node:util';
import { FirebreakError } from './errors.ts';

/**
 * A secret value that can be used but not written out: JSON, templates and string joins throw, inspection shows
 * `[secret]`. Whoever needs the text calls `reveal()` at the line that sends it.
 */
export class Secret {
  readonly #value: string;
  constructor(value: string) {
    this.#value = value;
  }
  reveal(): string {
    return this.#value;
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
