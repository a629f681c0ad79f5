import type { ErrorCode } from '#core/errors.ts';

/**
 * What became of one input. `shown` is what people or models would get to see of it, after the product's own taking out of
 * secrets; nothing of it may hold a secret that was whole in the input.
 */
export type Ran = { readonly kind: 'read' | 'refused'; readonly shown?: unknown };

/** One parser of outside text, entered where the outside enters it. */
export type Target = {
  readonly name: string;
  /** Valid inputs: each must be read. */
  readonly seeds: readonly string[];
  /** So many characters its callers let through at most; a million where left out. */
  readonly most?: number;
  /** Errors that it is said to throw; any other is a crash. */
  readonly throws?: readonly ErrorCode[];
  /** So much of the inputs that others get: for what starts servers or reads files. */
  readonly share?: number;
  /** Throws `Different` where what was read does not come back the same. */
  readonly run: (input: string) => Ran | Promise<Ran>;
  readonly close?: () => Promise<void> | void;
};

/** A round trip that did not come back. */
export class Different extends Error {}

export const read = (shown?: unknown): Ran => ({ kind: 'read', shown });
export const refused = (shown?: unknown): Ran => ({ kind: 'refused', shown });

/** Fails the input where both are not the same text. */
export function mustBeSame(one: string, other: string): void {
  if (one !== other) throw new Different(`${one.slice(0, 200)} came back as ${other.slice(0, 200)}`);
}

/** The input as bytes: characters up to 255 are bytes as they are, so that any bytes can be made. */
export function bytesOf(input: string): Buffer {
  for (let at = 0; at < input.length; at += 1) if (input.charCodeAt(at) > 0xff) return Buffer.from(input);
  return Buffer.from(input, 'latin1');
}

/** JSON where it is, else the text itself. */
export function jsonOrText(input: string): unknown {
  try {
    return JSON.parse(input);
  } catch {
    return input;
  }
}
