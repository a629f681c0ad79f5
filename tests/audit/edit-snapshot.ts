import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { NoteSigner } from '#audit/signed-note.ts';
import { sealSnapshot } from '#audit/snapshot.ts';
import { stolenKey } from '#tests/torture/tamper/forge.ts';

export const SNAPSHOT = 'cache/snapshot.json';

/** Changes the snapshot of a closed log; what was signed stays as it was. */
export function editUnsigned(dir: string, change: (text: string) => string): void {
  const { text, note } = parts(dir);
  const changed = change(text);
  expect(changed).not.toBe(text);
  writeFileSync(join(dir, SNAPSHOT), `${changed}\n${note}`);
}

/** Changes it and signs it, with the log's own key unless told otherwise. */
export function editSigned(
  dir: string,
  change: (text: string) => string,
  signer: NoteSigner = stolenKey(dir),
): void {
  const { text } = parts(dir);
  writeFileSync(join(dir, SNAPSHOT), sealSnapshot(JSON.parse(change(text)), signer));
}

function parts(dir: string): { text: string; note: string } {
  const file = readFileSync(join(dir, SNAPSHOT), 'utf8');
  const end = file.indexOf('\n');
  return { text: file.slice(0, end), note: file.slice(end + 1) };
}
