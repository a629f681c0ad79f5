/** What varies between lines of the same kind, widest first; every pattern is bounded, so time stays linear. */
const variable: readonly (readonly [RegExp, string])[] = [
  [/\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?/g, '<time>'],
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi, '<id>'],
  [/"[^"]{0,300}"/g, '<text>'],
  [/(?<![A-Za-z])'[^']{0,300}'/g, '<text>'],
  [/\b\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?\b/g, '<address>'],
  [/\b0x[0-9a-f]{1,64}\b/gi, '<hex>'],
  [/\b(?=[0-9a-f]{0,63}\d)(?=[0-9a-f]{0,63}[a-f])[0-9a-f]{6,64}\b/gi, '<hex>'],
  [/(?<![A-Za-z0-9<])[-+]?\d[\d_]{0,40}(?:\.\d{1,40})?/g, '<n>'],
];

/** A log message with times, ids, quoted text, addresses and numbers replaced by placeholders. Total. */
export function maskVariables(message: string): string {
  let masked = message;
  for (const [pattern, placeholder] of variable) masked = masked.replace(pattern, placeholder);
  return masked;
}
