import { hash } from 'node:crypto';
import { canonical, type JsonValue } from './canonical.ts';
import { Digest } from './ids.ts';

/** SHA-256 of bytes, or of the UTF-8 bytes of a text, as lower-case hex. */
export function sha256(data: string | Uint8Array): Digest {
  return Digest.parse(hash('sha256', data, 'hex'));
}

/** SHA-256 of `tag`, a NUL and the canonical text: equal only for the same tag and the same value. Throws `json_invalid`. */
export function taggedHash(tag: string, value: JsonValue): Digest {
  return sha256(`${tag}\0${canonical(value)}`);
}
