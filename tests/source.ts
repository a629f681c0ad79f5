import ts from 'typescript';

/** One file as the checks see it: its path from the root of the repository, with forward slashes. */
export type SourceFile = { readonly path: string; readonly text: string };

/** An import or re-export as written. `lazy`: by `import()`, at run time. */
export type Import = { readonly specifier: string; readonly lazy: boolean; readonly line: number };

/**
 * Something in the code that a rule may forbid:
 * - use: a name that reaches outside (`process.env`, `Date.now`, `eval`, `.perform`, ...)
 * - word: a construct of the language (`any`, `enum`, `default export`, ...)
 * - url: the host of an http address written into the code
 */
export type Fact = { readonly kind: 'use' | 'word' | 'url'; readonly name: string; readonly line: number };

export type Module = {
  readonly path: string;
  readonly imports: readonly Import[];
  readonly facts: readonly Fact[];
};

/** Names that count as a use wherever they stand as a free identifier that is called, constructed or read. */
const freeNames: ReadonlySet<string> = new Set([
  ...['eval', 'Function', 'require', 'setTimeout', 'setInterval', 'fetch', 'WebSocket', 'EventSource'],
]);

/** Members that count as a use, with the objects they must be read from; `*` is any object. */
const members: ReadonlyMap<string, readonly string[]> = new Map([
  ['env', ['process']],
  ['getBuiltinModule', ['process']],
  ['hrtime', ['process']],
  ['now', ['Date', 'performance']],
  ['timeout', ['AbortSignal']],
  ['random', ['Math']],
  ['setTimeout', ['globalThis']],
  ['setInterval', ['globalThis']],
  ['fetch', ['globalThis']],
  ['WebSocket', ['globalThis']],
  ['EventSource', ['globalThis']],
  ['eval', ['globalThis']],
  ['Function', ['globalThis']],
  ['perform', ['*']],
  ['mint', ['*']],
]);

/** Members of node:crypto and of Web Crypto that give random bytes, as the one use `random bytes`. */
const randomMembers = /^(?:random(?:Bytes|UUID|UUIDv7|Int|Fill|FillSync)|getRandomValues)$/;

/** Reads the imports and the facts of one TypeScript or JavaScript file. Never throws on broken code: tsc reports that. */
export function readModule(file: SourceFile): Module {
  const source = ts.createSourceFile(file.path, file.text, ts.ScriptTarget.Latest, true);
  const imports: Import[] = [];
  const facts: Fact[] = [];
  const visit = (node: ts.Node): void => {
    const line = source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
    const found = importOf(node);
    if (found) imports.push({ ...found, line });
    for (const fact of [...usesOf(node), ...wordsOf(node), ...urlsOf(node)]) facts.push({ ...fact, line });
    ts.forEachChild(node, visit);
  };
  visit(source);
  return { path: file.path, imports, facts };
}

function importOf(node: ts.Node): Omit<Import, 'line'> | undefined {
  if (ts.isImportDeclaration(node)) return { specifier: textOf(node.moduleSpecifier), lazy: false };
  if (ts.isExportDeclaration(node) && node.moduleSpecifier)
    return { specifier: textOf(node.moduleSpecifier), lazy: false };
  if (ts.isImportTypeNode(node)) {
    const { argument } = node;
    return { specifier: ts.isLiteralTypeNode(argument) ? textOf(argument.literal) : computed, lazy: false };
  }
  if (ts.isExternalModuleReference(node)) return { specifier: textOf(node.expression), lazy: false };
  // A file of a package that is not code: `import.meta.resolve('fonts/one.ttf')`.
  if (ts.isCallExpression(node) && node.expression.getText() === 'import.meta.resolve')
    return { specifier: textOf(node.arguments[0]), lazy: true };
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
    return { specifier: textOf(node.arguments[0]), lazy: true };
  return undefined;
}

/** Stands for an import whose path is put together at run time, which no rule can judge. */
export const computed = '(computed)';

function textOf(node: ts.Node | undefined): string {
  return node !== undefined && ts.isStringLiteralLike(node) ? node.text : computed;
}

type Found = Omit<Fact, 'line'>;

function usesOf(node: ts.Node): Found[] {
  const use = (name: string): Found[] => [{ kind: 'use', name }];
  if (ts.isPropertyAccessExpression(node)) return memberUse(node.expression, node.name.text);
  if (ts.isElementAccessExpression(node) && ts.isStringLiteralLike(node.argumentExpression))
    return memberUse(node.expression, node.argumentExpression.text);
  if (ts.isBindingElement(node) && ts.isObjectBindingPattern(node.parent)) {
    const name = node.propertyName ?? node.name;
    return ts.isIdentifier(name) ? destructuredUse(node, name.text) : [];
  }
  if (ts.isNewExpression(node) && ts.isIdentifier(node.expression) && node.expression.text === 'Date')
    return node.arguments?.length ? [] : use('new Date()');
  if (ts.isImportSpecifier(node)) return importedUse(node);
  if (ts.isIdentifier(node) && freeNames.has(node.text) && isValueUse(node)) return use(node.text);
  return [];
}

/** `import { randomUUID } from 'node:crypto'` is the use of a member of that part of Node, under any local name. */
function importedUse(node: ts.ImportSpecifier): Found[] {
  const from = textOf(node.parent.parent.parent.moduleSpecifier);
  const name = (node.propertyName ?? node.name).text;
  return from.startsWith('node:') ? memberUse(ts.factory.createIdentifier(from.slice(5)), name) : [];
}

function memberUse(object: ts.Expression, member: string): Found[] {
  if (randomMembers.test(member)) return [{ kind: 'use', name: 'random bytes' }];
  const owners = members.get(member);
  if (owners === undefined) return [];
  if (owners.includes('*')) return [{ kind: 'use', name: `.${member}` }];
  const owner = ts.isIdentifier(object)
    ? object.text
    : ts.isPropertyAccessExpression(object)
      ? object.name.text
      : '';
  return owners.includes(owner) ? [{ kind: 'use', name: `${owner}.${member}` }] : [];
}

/** `const { perform } = tool`, `const { env } = process`; a pattern in a parameter has no object to look at. */
function destructuredUse(node: ts.BindingElement, member: string): Found[] {
  const holder = node.parent.parent;
  const from = ts.isVariableDeclaration(holder) ? holder.initializer : undefined;
  if (from) return memberUse(from, member);
  return members.get(member)?.includes('*') ? [{ kind: 'use', name: `.${member}` }] : [];
}

/** Whether the identifier is read as a value, not the name of a member, a parameter or a type. */
function isValueUse(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  if (ts.isCallExpression(parent) || ts.isNewExpression(parent)) return true;
  if (
    ts.isPropertyAssignment(parent) ||
    ts.isVariableDeclaration(parent) ||
    ts.isBindingElement(parent) ||
    ts.isParameter(parent)
  )
    return parent.initializer === node;
  return (
    ts.isShorthandPropertyAssignment(parent) ||
    ts.isArrowFunction(parent) ||
    ts.isBinaryExpression(parent) ||
    ts.isConditionalExpression(parent) ||
    ts.isReturnStatement(parent)
  );
}

function wordsOf(node: ts.Node): Found[] {
  const word = (name: string): Found[] => [{ kind: 'word', name }];
  if (node.kind === ts.SyntaxKind.AnyKeyword) return word('any');
  if (ts.isEnumDeclaration(node)) return word('enum');
  if (ts.isModuleDeclaration(node)) return word('namespace');
  if (ts.isNonNullExpression(node)) return word('non-null assertion');
  if (ts.isExportAssignment(node) || node.kind === ts.SyntaxKind.DefaultKeyword) {
    return ts.isDefaultClause(node.parent) ? [] : isExportDefault(node) ? word('default export') : [];
  }
  if (ts.isExportSpecifier(node) && node.name.text === 'default') return word('default export');
  if (ts.isExportDeclaration(node) && node.moduleSpecifier) return word('re-export');
  return [];
}

function isExportDefault(node: ts.Node): boolean {
  return (
    ts.isExportAssignment(node) || ts.isFunctionDeclaration(node.parent) || ts.isClassDeclaration(node.parent)
  );
}

function urlsOf(node: ts.Node): Found[] {
  const text = ts.isStringLiteralLike(node) || ts.isTemplateHead(node) ? node.text : '';
  const host = /^(?:https?|wss?):\/\/(\[[^\]]+\]|[^/:?#\s]+)/i.exec(text)?.[1];
  return host === undefined ? [] : [{ kind: 'url', name: host.toLowerCase() }];
}
