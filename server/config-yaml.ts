import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  visit,
} from 'yaml';
import { FORBIDDEN_KEYS } from '#core/canonical.ts';
import { clip, inert } from '#core/inert.ts';

export type Path = readonly (string | number)[];
/** A mistake in the file. `path` empty = the file as a whole. */
export type Problem = { readonly path: Path; readonly message: string; readonly line?: number };

export type YamlFile =
  | { kind: 'read'; value: unknown; lineOf: (path: Path) => number }
  | { kind: 'broken'; problems: readonly Problem[] };

/** Own words for the parser's errors: its messages may quote the file, and a file may hold what nobody should see. */
const WORDS: ReadonlyMap<string, string> = new Map([
  ['NON_STRING_KEY', 'a name must be plain text'],
  ['TAB_AS_INDENT', 'a tab cannot indent; use spaces'],
  ['BAD_INDENT', 'the indentation does not fit the lines above'],
  ['MISSING_CHAR', 'a quote or bracket is not closed'],
  ['MULTILINE_IMPLICIT_KEY', 'a colon is missing, or a quote is not closed'],
]);

/** Reads YAML 1.2 and keeps where each value stands. Never throws. */
export function readYaml(text: string): YamlFile {
  const lines = new LineCounter();
  // The parser looks for names that appear twice by comparing each with each, which takes minutes for a long file.
  const options = { prettyErrors: false, stringKeys: true, uniqueKeys: false };
  const document = parseDocument(text, { lineCounter: lines, ...options });
  if (document.errors.length > 0) {
    const problems = document.errors.map((error) => ({
      path: [],
      line: lines.linePos(error.pos[0]).line,
      message:
        WORDS.get(error.code) ?? `not readable as YAML (${error.code.toLowerCase().replaceAll('_', ' ')})`,
    }));
    return { kind: 'broken', problems };
  }
  const bad = badNames(document);
  if (bad.length > 0) {
    const problems = bad.map(({ at, message }) => ({ path: [], line: lines.linePos(at).line, message }));
    return { kind: 'broken', problems };
  }
  try {
    // Fails on aliases that multiply without end.
    const value: unknown = document.toJS({ maxAliasCount: 100 });
    return { kind: 'read', value, lineOf: (path) => lineOf(path) };
  } catch {
    return {
      kind: 'broken',
      problems: [{ path: [], line: 1, message: 'its aliases (*name) cannot be followed' }],
    };
  }

  /** Line of the last step of a path that is there: a missing setting is shown where its group begins. */
  function lineOf(path: Path): number {
    let at: { node: unknown; offset: number } = {
      node: document.contents,
      offset: document.contents?.range?.[0] ?? 0,
    };
    for (const step of path) {
      const next = stepInto(document, at.node, step);
      if (next === undefined) break;
      at = { node: next.node, offset: next.offset ?? at.offset };
    }
    return lines.linePos(at.offset).line;
  }
}

/** Names that their group has already, and names that nothing may have. */
function badNames(document: Document): { at: number; message: string }[] {
  const found: { at: number; message: string }[] = [];
  visit(document, {
    Map: (_key, { items }) => {
      const seen = new Set<unknown>();
      for (const { key } of items) {
        if (!isScalar(key)) continue;
        const at = key.range?.[0] ?? 0;
        if (seen.has(key.value)) found.push({ at, message: 'this name appears twice' });
        if (FORBIDDEN_KEYS.has(String(key.value))) found.push({ at, message: 'nothing can have this name' });
        seen.add(key.value);
      }
    },
  });
  return found;
}

type Spot = { node: unknown; offset: number | undefined };

function stepInto(document: Document, from: unknown, step: string | number): Spot | undefined {
  const node = isAlias(from) ? from.resolve(document) : from;
  if (isMap(node)) {
    const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step));
    return pair && { node: pair.value, offset: isScalar(pair.key) ? pair.key.range?.[0] : undefined };
  }
  if (!isSeq(node)) return undefined;
  const item = node.items[Number(step)];
  return item === undefined ? undefined : { node: item, offset: isNode(item) ? item.range?.[0] : undefined };
}

/** `services[2].owner`. */
export function showPath(path: Path): string {
  return path
    .map((step, at) =>
      typeof step === 'number' ? `[${step}]` : `${at === 0 ? '' : '.'}${clip(inert(step), 60)}`,
    )
    .join('');
}
