import {
  createPrivateKey,
  createPublicKey,
  hash,
  type KeyObject,
  sign as signBytes,
  verify as verifyBytes,
} from 'node:crypto';
import { promisify } from 'node:util';

/** C2SP signed-note with Ed25519 (algorithm 1). Keys travel as text: `name+hash+key`, private ones with a prefix. */
export type NoteSigner = { name: string; verifierKey: string; sign(text: string): string };
export type NoteVerifier = {
  name: string;
  /** The key as text. */
  key: string;
  /** True only for the one note `sign` makes of this text: a signature in another spelling is refused. */
  verify(text: string, note: string): Promise<boolean>;
};

const ALGORITHM = 1;
const PRIVATE_PREFIX = 'PRIVATE+KEY+';
/** DER headers that turn 32 raw bytes into keys node:crypto reads. */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');
const SPKI = Buffer.from('302a300506032b6570032100', 'hex');
const verifyInPool = promisify(verifyBytes);

/** Text of a new private key. `seed` is 32 random bytes; `name` holds no space or `+`. */
export function newSignerKey(name: string, seed: Buffer): string {
  const publicKey = publicBytes(privateKeyOf(seed));
  return `${PRIVATE_PREFIX}${name}+${keyHash(name, publicKey).toString('hex')}+${encodeKey(seed)}`;
}

/** Undefined when the text is not a private key of this format. */
export function parseSignerKey(text: string): NoteSigner | undefined {
  if (!text.startsWith(PRIVATE_PREFIX)) return undefined;
  const parts = splitKey(text.slice(PRIVATE_PREFIX.length).trim());
  if (!parts) return undefined;
  const key = privateKeyOf(parts.key);
  const publicKey = publicBytes(key);
  const id = keyHash(parts.name, publicKey);
  if (id.toString('hex') !== parts.hash) return undefined;
  return {
    name: parts.name,
    verifierKey: `${parts.name}+${parts.hash}+${encodeKey(publicKey)}`,
    sign: (text_) => `${text_}${signatureLine(parts.name, id, signBytes(null, Buffer.from(text_), key))}`,
  };
}

/** Undefined when the text is not a public key of this format. */
export function parseVerifierKey(text: string): NoteVerifier | undefined {
  const parts = splitKey(text.trim());
  if (!parts) return undefined;
  const id = keyHash(parts.name, parts.key);
  if (id.toString('hex') !== parts.hash) return undefined;
  const key = createPublicKey({ key: Buffer.concat([SPKI, parts.key]), format: 'der', type: 'spki' });
  return {
    name: parts.name,
    key: `${parts.name}+${parts.hash}+${encodeKey(parts.key)}`,
    verify: (signed, note) => verifyNote({ name: parts.name, id, key }, signed, note),
  };
}

type Identity = { name: string; id: Buffer; key: KeyObject };

async function verifyNote(signer: Identity, text: string, note: string): Promise<boolean> {
  const prefix = `${text}\n\u2014 ${signer.name} `;
  if (!note.startsWith(prefix)) return false;
  const bytes = Buffer.from(note.slice(prefix.length, -1), 'base64');
  const signature = bytes.subarray(4);
  if (note !== `${text}${signatureLine(signer.name, signer.id, signature)}`) return false;
  return verifyInPool(null, Buffer.from(text), signer.key, signature);
}

function signatureLine(name: string, id: Buffer, signature: Buffer): string {
  return `\n\u2014 ${name} ${Buffer.concat([id, signature]).toString('base64')}\n`;
}

function keyHash(name: string, publicKey: Buffer): Buffer {
  const input = Buffer.concat([Buffer.from(`${name}\n`), Buffer.from([ALGORITHM]), publicKey]);
  return hash('sha256', input, 'buffer').subarray(0, 4);
}

function encodeKey(key: Buffer): string {
  return Buffer.concat([Buffer.from([ALGORITHM]), key]).toString('base64');
}

function splitKey(text: string): { name: string; hash: string; key: Buffer } | undefined {
  const [, name, id, encoded] = /^([^+\s]+)\+([0-9a-f]{8})\+(\S+)$/.exec(text) ?? [];
  if (name === undefined || id === undefined || encoded === undefined) return undefined;
  const bytes = Buffer.from(encoded, 'base64');
  if (bytes.length !== 33 || bytes[0] !== ALGORITHM || bytes.toString('base64') !== encoded) return undefined;
  return { name, hash: id, key: bytes.subarray(1) };
}

function privateKeyOf(seed: Buffer): KeyObject {
  return createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: 'der', type: 'pkcs8' });
}

function publicBytes(key: KeyObject): Buffer {
  return createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(SPKI.length);
}
