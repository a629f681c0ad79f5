import { createHash } from 'node:crypto';
import type { Random } from '#core/clock.ts';

/** Randomness that depends on the seed and on how often it was asked, only: for replays, never for a server. */
export function seededRandom(seed: string): Random {
  let drawn = 0;
  const bytes = (size: number): Buffer => {
    const blocks: Buffer[] = [];
    for (let have = 0; have < size; have += 32) {
      drawn += 1;
      blocks.push(createHash('sha256').update(`${seed}\0${drawn}`).digest());
    }
    return Buffer.concat(blocks).subarray(0, size);
  };
  return { bytes, uuid: () => uuidOf(bytes(16)) };
}

/** The form of a random UUID, version 4. */
function uuidOf(bytes: Buffer): ReturnType<Random['uuid']> {
  const hex = bytes.toString('hex');
  const variant = ((Number.parseInt(hex.slice(16, 17), 16) & 3) | 8).toString(16);
  const parts = [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
  ];
  return [...parts, hex.slice(20, 32)].join('-');
}
