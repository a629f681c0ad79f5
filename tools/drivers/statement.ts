/** Longest text of a statement that is looked at. */
const MAX = 2000;

/**
 * A statement without the values in it, on one line: literals and numbers become `?`, comments go. What follows a quote that is never
 * closed goes too. Pure.
 */
export function withoutValues(statement: string): string {
  return statement
    .slice(0, MAX)
    .replace(/\$([A-Za-z_]\w{0,60})?\$[\s\S]*?(\$\1\$|$)/g, '?')
    .replace(/\b[eEbBxXnN]?'(?:[^'\\]|''|\\[\s\S])*('|\\?$)/g, '?')
    .replace(/'[\s\S]*$/g, '?')
    .replace(/--[^\n]*/g, ' ')
    .replace(/\/\*[\s\S]*?(\*\/|$)/g, ' ')
    .replace(/(?<![\w$"])[-+]?\d[\w.]*/g, '?')
    .replace(/\(\s*\?(\s*,\s*\?)+\s*\)/g, '(?)')
    .replace(/\s+/g, ' ')
    .trim();
}
