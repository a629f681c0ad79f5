import { join } from 'node:path';

/** The program that checks proofs and bundles without Firebreak; goes with each of them. */
export const verifierFile = join(import.meta.dirname, 'offline', 'verify-proof.mjs');
