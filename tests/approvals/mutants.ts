import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from '../tree.ts';

/** A copy of a module with one small mistake in it. `at` tells the line of code and the mistake. */
export type Mutant = { readonly at: string; readonly line: number; readonly code: string };

/** One kind of mistake: what is found, and what may stand there instead. */
type Slip = { readonly find: RegExp; readonly put: (found: string) => readonly string[] };

const swaps: Readonly<Record<string, readonly string[]>> = {
  '===': ['!=='],
  '!==': ['==='],
  '<=': ['<', '>'],
  '>=': ['>', '<'],
  '<': ['<=', '>='],
  '>': ['>=', '<='],
  '&&': ['||'],
  '||': ['&&'],
  true: ['false'],
  false: ['true'],
  some: ['every'],
  every: ['some'],
};

const slips: readonly Slip[] = [
  { find: /===|!==|<=|>=|&&|\|\||(?<=\s)[<>](?=\s)/g, put: (found) => swaps[found] ?? [] },
  { find: /\b(?:true|false)\b/g, put: (found) => swaps[found] ?? [] },
  { find: /(?<=\.)(?:some|every)(?=\()/g, put: (found) => swaps[found] ?? [] },
  { find: /(?<![\w.'])\d+\b/g, put: (found) => [String(Number(found) + 1)] },
  { find: /'[^'\n]+'/g, put: () => ["'mutant'"] },
  { find: /!(?=[\w(])/g, put: () => [''] },
];

/** The module as plain JavaScript that runs from anywhere: no comments, blanks where types were. */
export function plainCode(path: string): string {
  const stripped = stripTypeScriptTypes(readFileSync(join(root, path), 'utf8'));
  const blank = (text: string) => text.replace(/[^\n]/g, ' ');
  const bare = stripped.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, blank);
  const folder = pathToFileURL(join(root, dirname(path), '/')).href;
  return bare.replaceAll("from './", `from '${folder}`);
}

/** Every mutant: each comparison turned round, each condition fixed, each number, word and answer
 * replaced, each choice among several left out. */
export function mutantsOf(code: string): readonly Mutant[] {
  const mutant = (from: number, length: number, put: string): Mutant => {
    const line = code.slice(0, from).split('\n').length;
    const text = code.split('\n')[line - 1]?.trim() ?? '';
    const at = `${text.replaceAll(/ +/g, ' ')} [${code.slice(from, from + length)} -> ${put}]`;
    return { at, line, code: `${code.slice(0, from)}${put}${code.slice(from + length)}` };
  };
  const slipped = slips.flatMap(({ find, put }) =>
    [...code.matchAll(find)].flatMap((match) =>
      put(match[0]).map((other) => mutant(match.index, match[0].length, other)),
    ),
  );
  const conditions = [...code.matchAll(/\bif \(/g)].flatMap((match) => {
    const from = match.index + match[0].length;
    return ['true', 'false'].map((fixed) => mutant(from, closing(code, from) - from, fixed));
  });
  const returns = [...code.matchAll(/\breturn (?!undefined;)(?=\S)/g)].map((match) => {
    const from = match.index + match[0].length;
    return mutant(from, code.indexOf(';', from) - from, 'undefined');
  });
  const choices = [...code.matchAll(/\.(?:filter|flatMap)\(/g)].map(({ index, 0: found }) =>
    mutant(
      index,
      closing(code, index + found.length) + 1 - index,
      found === '.filter(' ? '' : '.slice(0, 0)',
    ),
  );
  const isImport = ({ line }: Mutant) => /^import /.test(code.split('\n')[line - 1] ?? '');
  return [...slipped, ...conditions, ...returns, ...choices].filter((one) => !isImport(one));
}

/** Lines that decide something: each must have a mutant, or the mutants say nothing about it. */
export function decidingLines(code: string): readonly number[] {
  return code
    .split('\n')
    .flatMap((text, at) => (/\bif \(|\breturn\b(?! undefined)|=>|&&|\|\|/.test(text) ? [at + 1] : []));
}

/** Where the bracket that was opened before `from` closes. */
function closing(code: string, from: number): number {
  let depth = 1;
  for (let at = from; at < code.length; at += 1) {
    if (code[at] === '(') depth += 1;
    if (code[at] === ')') depth -= 1;
    if (depth === 0) return at;
  }
  throw new Error('a bracket is not closed');
}

/** Loads a mutant; throws when it is no longer a module. */
export async function load(code: string): Promise<Record<string, unknown>> {
  return import(/* @vite-ignore */ `data:text/javascript,${encodeURIComponent(code)}`);
}
