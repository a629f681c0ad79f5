import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { z } from 'zod';
import { canonical } from '#core/canonical.ts';
import type { Random } from '#core/clock.ts';
import { ApprovalId, CallId, Digest } from '#core/ids.ts';
import { Change, Ordered } from './plan.ts';

/** How long a permit lives, from the durable intent to the call. */
export const PERMIT_MS = 30_000;

/**
 * The exact change that a permit allows. `key` makes a repeat harmless; another generation makes the backend refuse;
 * `fence` only grows for a target, so that an older permit is refused once a newer one was seen.
 */
export const PermittedOrder = z.strictObject({
  tool: z.enum(Change.options.map((change) => change.shape.tool.value)),
  change: Ordered,
  key: z.string().regex(/^[\x21-\x7e]{1,100}$/),
  expectGeneration: z.int().min(0),
  fence: z.int().min(0),
});
export type PermittedOrder = z.infer<typeof PermittedOrder>;

export const PermitFields = z.strictObject({
  /** Id of this one permit: it is used once. */
  jti: z.uuid(),
  approval: ApprovalId,
  hash: Digest,
  step: z.int().min(0),
  undo: z.boolean(),
  call: CallId,
  order: PermittedOrder,
  /** Server start that minted it; another start refuses it. */
  boot: z.string().min(1).max(100),
  /** Wall time in ms: void before and after. */
  mintedAt: z.int().min(0),
  notAfter: z.int().min(0),
});
export type PermitFields = z.infer<typeof PermitFields>;

/** Proof that the gate allowed one exact change. Anybody can write one down; only the signature of the gate's key makes it valid. */
export const Permit = z.strictObject({ fields: PermitFields, signature: z.base64().length(88) });
export type Permit = z.infer<typeof Permit>;

/** Made once per server start and given to the gate alone; the key never leaves it. */
export type PermitSigner = {
  /** Ed25519, raw, base64. */
  readonly publicKey: string;
  /** For the gate alone; the import test keeps it so. */
  mint(fields: PermitFields): Permit;
};

/** DER headers that turn 32 raw bytes into keys node:crypto reads. */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');
const SPKI = Buffer.from('302a300506032b6570032100', 'hex');

/** A signer with a key of its own, known to nobody else and gone with this process. */
export function createPermitSigner(random: Random): PermitSigner {
  const seed = Buffer.concat([PKCS8, random.bytes(32)]);
  const key = createPrivateKey({ key: seed, format: 'der', type: 'pkcs8' });
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' });
  return {
    publicKey: spki.subarray(SPKI.length).toString('base64'),
    mint: (fields) => ({ fields, signature: sign(null, signedBytes(fields), key).toString('base64') }),
  };
}

/** The public half as `isSigned` takes it. Throws what node:crypto throws for anything but 32 bytes in base64. */
export function permitKey(publicKey: string): KeyObject {
  const der = Buffer.concat([SPKI, Buffer.from(publicKey, 'base64')]);
  return createPublicKey({ key: der, format: 'der', type: 'spki' });
}

/** Whether every field is as the holder of the key signed it; says nothing about time or use. */
export function isSigned({ fields, signature }: Permit, key: KeyObject): boolean {
  return verify(null, signedBytes(fields), key, Buffer.from(signature, 'base64'));
}

function signedBytes(fields: PermitFields): Buffer {
  return Buffer.from(`firebreak/permit/v1\0${canonical(fields)}`);
}

/** The backend's key for one step in one direction: the same after a restart, so that a repeat has one effect. */
export function orderKey(hash: Digest, step: number, phase: 'run' | 'undo'): string {
  return `fb-${hash.slice(0, 24)}-${step}-${phase}`;
}

/** The key of the step that an undo with this key takes back. */
export function keyTakenBack(key: string): string {
  return key.replace(/-undo$/, '-run');
}
