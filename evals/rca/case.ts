import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { z } from 'zod';

const Span = z.tuple([z.number(), z.string(), z.string(), z.string(), z.number(), z.number(), z.number()]);

/** One case file: what was measured around a fault, and what the page says. Times in seconds. */
export const RcaCase = z.object({
  id: z.string(),
  system: z.string(),
  alert: z.object({
    at: z.number(),
    node: z.string().optional(),
    metric: z.string().optional(),
    statistic: z.string().optional(),
  }),
  injectTime: z.number(),
  t: z.array(z.number()),
  series: z.record(z.string(), z.array(z.number().nullable())),
  graph: z.object({ edges: z.array(z.tuple([z.string(), z.string()])) }).optional(),
  logs: z
    .object({
      minutesPresent: z.array(z.number()),
      templates: z.array(z.object({ s: z.string(), l: z.string(), tmpl: z.string(), ex: z.string() })),
      counts: z.array(z.tuple([z.number(), z.number(), z.number()])),
    })
    .optional(),
  edges: z.object({ minutesPresent: z.array(z.number()), rows: z.array(Span) }).optional(),
});
export type RcaCase = z.infer<typeof RcaCase>;

const Truth = z.record(z.string(), z.object({ service: z.string(), faultType: z.string() }));
export type Truth = z.infer<typeof Truth>;

/** Every case under a folder, by id. Throws for a file that has the name of a case but not its shape. */
export function casesOf(dir: string): RcaCase[] {
  return filesUnder(dir)
    .filter((file) => file.endsWith('.json.gz'))
    .map((file) => RcaCase.parse(JSON.parse(gunzipSync(readFileSync(file)).toString('utf8'))))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** The answers in a folder: only for the scorer, after the run. */
export function truthOf(dir: string): Truth {
  const files = filesUnder(dir).filter((file) => /^truth.*\.json$/.test(basename(file)));
  return Object.assign({}, ...files.map((file) => Truth.parse(JSON.parse(readFileSync(file, 'utf8')))));
}

function filesUnder(dir: string): string[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
