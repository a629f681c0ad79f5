import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Document, LineCounter, parseDocument, visit } from 'yaml';
import { z } from 'zod';
import { FirebreakError, messageOf } from '#core/errors.ts';
import { ServiceId } from '#core/ids.ts';
import { Cause } from '#incidents/vocabulary.ts';
import type { Runbook } from './tool.ts';

/** The typed part of a runbook. Only what is written here can ever become an action; the prose cannot. */
const FrontMatter = z.strictObject({
  services: z.array(ServiceId).max(100).default([]),
  actions: z
    .array(
      z.strictObject({
        cause: Cause.exclude(['unknown']),
        tool: z.enum(['service_restart', 'service_rollback', 'service_scale']),
        target: z.union([z.literal('self'), ServiceId]),
      }),
    )
    .max(10)
    .default([]),
});
const MAX_BYTES = 256 * 1024;
/** Several times what all that is allowed in it takes; the time to read it grows with its square. */
const MAX_FRONT_MATTER = 16 * 1024;

/**
 * Loads every `.md` file of a folder, by name. Without front matter a runbook is prose for every service. Throws
 * `config_invalid` naming file and line for front matter that cannot be read, and for a folder that cannot.
 */
export async function loadRunbooks(folder: string): Promise<readonly Runbook[]> {
  const names = (await attempt(folder, () => readdir(folder))).filter((name) => name.endsWith('.md')).sort();
  return await Promise.all(
    names.map(async (name) => {
      const path = join(folder, name);
      return parseRunbook(
        path,
        name.slice(0, -'.md'.length),
        await attempt(path, () => readFile(path, 'utf8')),
      );
    }),
  );
}

async function attempt<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw new FirebreakError('config_invalid', `${path}: ${messageOf(error)}`, { cause: error });
  }
}

/** Parses one runbook. `path` is named in errors. Throws `config_invalid`. */
export function parseRunbook(path: string, name: string, text: string): Runbook {
  if (Buffer.byteLength(text) > MAX_BYTES) throw broken(path, 1, `longer than ${MAX_BYTES} bytes`);
  const { yaml, prose } = split(path, text);
  if (yaml.length > MAX_FRONT_MATTER)
    throw broken(path, 1, `the front matter is longer than ${MAX_FRONT_MATTER} characters`);
  const { services, actions } = frontMatter(path, yaml);
  return { name, services, actions, prose: prose.trim() };
}

/** Front matter stands between two lines of three dashes, the first of which starts the file. */
function split(path: string, text: string): { yaml: string; prose: string } {
  const lines = text.replace(/^\ufeff/, '').split(/\r?\n/);
  if (lines[0]?.trimEnd() !== '---') return { yaml: '', prose: lines.join('\n') };
  const end = lines.findIndex((line, i) => i > 0 && line.trimEnd() === '---');
  if (end === -1) throw broken(path, 1, 'the front matter has no end (a line of three dashes)');
  return { yaml: lines.slice(1, end).join('\n'), prose: lines.slice(end + 1).join('\n') };
}

function frontMatter(path: string, yaml: string): z.infer<typeof FrontMatter> {
  const counter = new LineCounter();
  const document = parseDocument(yaml, { lineCounter: counter });
  // The first line of the file is the three dashes.
  const lineAt = (offset: number): number => counter.linePos(offset).line + 1;
  const [mistake] = [...document.errors, ...document.warnings];
  if (mistake) throw broken(path, lineAt(mistake.pos[0]), mistake.message.split('\n')[0] ?? '');
  const alias = firstAlias(document);
  if (alias !== undefined) throw broken(path, lineAt(alias), 'aliases are not allowed');
  const parsed = FrontMatter.safeParse(document.toJS() ?? {});
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const keys = (issue?.path ?? []).filter((key) => typeof key !== 'symbol');
  const node = rangeOf(document.getIn(keys, true));
  throw broken(
    path,
    node === undefined ? 1 : lineAt(node),
    `${keys.join('.')}: ${issue?.message ?? 'not valid'}`,
  );
}

/** Aliases could make a small file large. */
function firstAlias(document: Document.Parsed): number | undefined {
  let at: number | undefined;
  visit(document, {
    Alias: (_, node) => {
      at = node.range?.[0] ?? 0;
      return visit.BREAK;
    },
  });
  return at;
}

function rangeOf(node: unknown): number | undefined {
  const Node = z.object({ range: z.tuple([z.number(), z.number(), z.number()]) });
  return Node.safeParse(node).data?.range[0];
}

function broken(path: string, line: number, detail: string): FirebreakError {
  return new FirebreakError('config_invalid', `${path}:${line}  ${detail}`);
}
