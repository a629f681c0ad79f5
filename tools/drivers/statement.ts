/** Longest text of a statement that is looked at. */
const MAX = 2000;
/** Left to right: a quoted name, text between dollars, a comment to the end of its line, one that may be long, a literal. */
const QUOTED =
  /"(?:[^"]|"")*(?:"|$)|\$([A-Za-z_]\w{0,60})?\$[\s\S]*?(?:\$\1\$|$)|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|\b[eEbBxXnN]?'(?:[^']|'')*(?:'|$)|'(?:[^']|'')*(?:'|$)/g;

/**
 * A statement without the values in it, on one line: literals and numbers become `?`, comments go. Where a backslash or a comment
 * inside of a comment leaves open what is quoted, all from the first quote or comment on is left out. Pure.
 */
export function withoutValues(statement: string): string {
  const text = statement.slice(0, MAX);
  const isOpen = text.includes('\\') || (text.match(/\/\*/g) ?? []).length > 1;
  const open = isOpen ? text.search(/['$]|\/\*|--/) : -1;
  return (open === -1 ? text : `${text.slice(0, open)}?`)
    .replace(QUOTED, (part) => (part.startsWith('"') ? part : /^(--|\/\*)/.test(part) ? ' ' : '?'))
    .replace(/(?<![\w$])[-+]?\d[\w.]*/g, '?')
    .replace(/\(\s*\?(\s*,\s*\?)+\s*\)/g, '(?)')
    .replace(/\s+/g, ' ')
    .trim();
}
