import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

/** One thing that was done to the world, as the world itself wrote it down. */
const Effect = z.strictObject({ at: z.int(), key: z.string(), service: z.string(), version: z.string() });
export type Effect = z.infer<typeof Effect>;

const fileOf = (dir: string): string => join(dir, 'effects.jsonl');

/** Everything that was done, in order. */
export function readEffects(dir: string): Effect[] {
  if (!existsSync(fileOf(dir))) return [];
  const lines = readFileSync(fileOf(dir), 'utf8').split('\n').filter(Boolean);
  return lines.map((line) => Effect.parse(JSON.parse(line)));
}

/** One system call: a process that is killed has done all of it or nothing. */
export function addEffect(dir: string, effect: Effect): void {
  appendFileSync(fileOf(dir), `${JSON.stringify(effect)}\n`);
}
