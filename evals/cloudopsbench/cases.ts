import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { z } from 'zod';

const Shard = z.object({
  strings: z.array(z.string()),
  cases: z.record(
    z.string(),
    z.object({
      id: z.string(),
      system: z.string(),
      namespace: z.string(),
      query: z.string(),
      collectedAt: z.string().nullish(),
      alerts: z.unknown(),
      tools: z.record(z.string(), z.int()),
    }),
  ),
});
const Truth = z.record(
  z.string(),
  z.object({
    system: z.string().nullish(),
    faultTaxonomy: z.string(),
    faultObject: z.string(),
    rootCause: z.string(),
  }),
);
export type Truth = z.infer<typeof Truth>[string];

/** One recorded fault, as far as whoever diagnoses it may know. */
export type RecordedCase = {
  readonly id: string;
  readonly system: string;
  readonly namespace: string;
  readonly query: string;
  readonly answers: ReadonlyMap<string, string>;
};

/** Every recording under the folder. Throws when a file that has the name of a recording is none. */
export async function loadCases(dir: string): Promise<RecordedCase[]> {
  const found: RecordedCase[] = [];
  for (const path of await filesBelow(dir, /\.json\.br$/)) {
    const shard = Shard.parse(JSON.parse(brotliDecompressSync(await readFile(path)).toString('utf8')));
    for (const one of Object.values(shard.cases)) {
      const answers = new Map(
        Object.entries(one.tools).map(([key, at]) => [key, shard.strings[at] ?? ''] as const),
      );
      const { id, system, namespace, query } = one;
      found.push({ id, system, namespace, query, answers });
    }
  }
  return found;
}

/** What was really wrong, by case; read by whoever scores, after the runs. */
export async function loadTruth(dir: string): Promise<ReadonlyMap<string, Truth>> {
  const truth = new Map<string, Truth>();
  for (const path of await filesBelow(dir, /^truth[\w.-]*\.json$/)) {
    for (const [id, one] of Object.entries(Truth.parse(JSON.parse(await readFile(path, 'utf8')))))
      truth.set(id, one);
  }
  return truth;
}

async function filesBelow(dir: string, name: RegExp): Promise<string[]> {
  const entries = await readdir(dir, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile() && name.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
