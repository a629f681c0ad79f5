import { hash } from 'node:crypto';

/**
 * Number of entries per stream. A log collects hundreds of thousands of streams that nobody asks about again, so a
 * stream costs 12 bytes per slot here instead of a string: an open-addressing table of 64 bits of its SHA-256 and a count.
 */
export type StreamVersions = {
  get(stream: string): number;
  add(stream: string): void;
  /** All used slots as base64, in no particular order. */
  save(): string;
  /** Whether a saved table holds the same streams and versions. */
  equals(saved: string): boolean;
};

const SLOT = 3;

/** Empty table, or the one that `save` wrote. */
export function createStreamVersions(saved = ''): StreamVersions {
  let table = new Uint32Array(SLOT * 64);
  let used = 0;

  const find = (high: number, low: number): number => {
    const slots = table.length / SLOT;
    let slot = low % slots;
    while (table[slot * SLOT + 2] !== 0) {
      if (table[slot * SLOT] === high && table[slot * SLOT + 1] === low) break;
      slot = (slot + 1) % slots;
    }
    return slot * SLOT;
  };
  const put = (high: number, low: number, count: number): void => {
    const at = find(high, low);
    if (table[at + 2] === 0) used += 1;
    table.set([high, low, (table[at + 2] ?? 0) + count], at);
    if (used * SLOT * 4 > table.length * 3) grow();
  };
  const grow = (): void => {
    const old = table;
    table = new Uint32Array(old.length * 2);
    used = 0;
    eachSlot(old, put);
  };

  eachSlot(decode(saved), put);
  return {
    get: (stream) => table[find(...keyOf(stream)) + 2] ?? 0,
    add: (stream) => put(...keyOf(stream), 1),
    save: () => encode(table, used),
    equals: (other) => {
      const seen = new Uint8Array(table.length);
      let rows = 0;
      let same = true;
      eachSlot(decode(other), (high, low, count) => {
        const at = find(high, low);
        if (table[at + 2] !== count || seen[at] === 1) same = false;
        seen[at] = 1;
        rows += 1;
      });
      return same && rows === used;
    },
  };
}

function keyOf(stream: string): [high: number, low: number] {
  const digest = hash('sha256', stream, 'buffer');
  return [digest.readUInt32BE(0), digest.readUInt32BE(4)];
}

function eachSlot(table: Uint32Array, visit: (high: number, low: number, count: number) => void): void {
  for (let at = 0; at < table.length; at += SLOT) {
    const count = table[at + 2] ?? 0;
    if (count > 0) visit(table[at] ?? 0, table[at + 1] ?? 0, count);
  }
}

function encode(table: Uint32Array, used: number): string {
  const rows = Buffer.allocUnsafe(used * SLOT * 4);
  let at = 0;
  eachSlot(table, (high, low, count) => {
    for (const word of [high, low, count]) at = rows.writeUInt32BE(word, at);
  });
  return rows.toString('base64');
}

function decode(saved: string): Uint32Array {
  const rows = Buffer.from(saved, 'base64');
  const slots = new Uint32Array(Math.floor(rows.length / 4));
  for (let word = 0; word < slots.length; word += 1) slots[word] = rows.readUInt32BE(word * 4);
  return slots;
}
