import ts from 'typescript';
import { checks } from '#doctor/checks.ts';
import type { SourceFile } from './source.ts';

/**
 * One claim of SECURITY.md: a third-level heading with its id, one sentence, then one list line per test that shows it:
 * - `tests/audit/verify.test.ts` › "names the first bad entry"
 * A claim about what people promise to do is marked `(process)` in its heading and has no tests. Where it shows on a
 * running system its words end with `Doctor check: \`id\`.`, `Doctor checks: \`id\`, \`id\`.`, or `Doctor check: all.`
 */
export type Claim = {
  readonly id: string;
  readonly line: number;
  readonly process: boolean;
  sentence: string;
  readonly tests: TestRef[];
};
export type TestRef = { readonly path: string; readonly title: string };

const heading = /^### (SEC-[A-Z]+-[1-9]\d*)( \(process\))?$/;
const testLine = /^- `(tests\/[^`]+\.test\.ts)` › "(.+)"$/;

/** Parses SECURITY.md. `errors` names each line that was meant as a claim or a test and is neither. */
export function parseClaims(markdown: string): { claims: Claim[]; errors: string[] } {
  const claims: Claim[] = [];
  const errors: string[] = [];
  let open: Claim | undefined;
  for (const [index, text] of markdown.split('\n').entries()) {
    const line = index + 1;
    if (text.startsWith('#')) {
      open = parseHeading(text, line);
      if (open) claims.push(open);
      else if (text.includes('SEC-')) errors.push(`line ${line}: not a claim heading: ${text}`);
    } else if (open && text.startsWith('- ')) {
      const [, path, title] = testLine.exec(text) ?? [];
      if (path !== undefined && title !== undefined) open.tests.push({ path, title });
      else errors.push(`line ${line}: not a test: ${text}`);
    } else if (open) {
      open.sentence = `${open.sentence} ${text.trim()}`.trim();
    }
  }
  return { claims, errors };
}

function parseHeading(text: string, line: number): Claim | undefined {
  const [, id, process] = heading.exec(text) ?? [];
  return id === undefined ? undefined : { id, line, process: process !== undefined, sentence: '', tests: [] };
}

/** Everything wrong with the claims: no sentence, no tests, a repeated id, a test that is missing or does not run. */
export function checkClaims(markdown: string, testFiles: readonly SourceFile[]): string[] {
  const { claims, errors } = parseClaims(markdown);
  if (claims.length === 0) return ['no claim was found', ...errors];
  const titles = new Map(testFiles.map((file) => [file.path, runningTitles(file)]));
  const seen = new Set<string>();
  for (const claim of claims) {
    const say = (problem: string) => errors.push(`line ${claim.line}: ${claim.id} ${problem}`);
    if (seen.has(claim.id)) say('is there twice');
    seen.add(claim.id);
    if (claim.sentence === '') say('says nothing');
    checkDoctor(claim.sentence).forEach(say);
    if (claim.process && claim.tests.length > 0) say('is a promise of people, yet names tests');
    if (!claim.process && claim.tests.length === 0) say('names no test');
    for (const { path, title } of claim.tests) {
      const known = titles.get(path);
      if (known === undefined) say(`names ${path}, which does not exist`);
      else if (!known.has(title)) say(`names "${title}", which is no running test of ${path}`);
    }
  }
  return errors;
}

const doctorIds: ReadonlySet<string> = new Set(checks.map(({ id }) => id));

/** What is wrong with the checks of doctor that the words of a claim name; nothing where they name none. */
function checkDoctor(sentence: string): string[] {
  const [, named] = /\bdoctor checks?\b(.*)/i.exec(sentence) ?? [];
  if (named === undefined || named === ': all.') return [];
  if (!/^: `[^`]+`(, `[^`]+`)*\.$/.test(named))
    return ['does not end with its doctor checks as they are written'];
  return [...named.matchAll(/`([^`]+)`/g)].flatMap(([, id = '']) =>
    doctorIds.has(id) ? [] : [`names the doctor check ${id}, which does not exist`],
  );
}

/** Titles of the tests of a file that run: not those skipped, wished for, or expected to fail. Literal titles only. */
export function runningTitles(file: SourceFile): Set<string> {
  const titles = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node)) {
      const words = chain(node.expression);
      if (['describe', 'test', 'it'].includes(words[0] ?? '') && words.some((word) => idle.has(word))) return;
      const [title] = node.arguments;
      if (['test', 'it'].includes(words[0] ?? '') && title && ts.isStringLiteralLike(title))
        titles.add(title.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file.path, file.text, ts.ScriptTarget.Latest, true));
  return titles;
}

const idle: ReadonlySet<string> = new Set(['skip', 'skipIf', 'runIf', 'todo', 'fails']);

/** `test.each(cases)` -> test, each. */
function chain(node: ts.Expression): string[] {
  if (ts.isIdentifier(node)) return [node.text];
  if (ts.isPropertyAccessExpression(node)) return [...chain(node.expression), node.name.text];
  if (ts.isCallExpression(node)) return chain(node.expression);
  return ts.isTaggedTemplateExpression(node) ? chain(node.tag) : [];
}
