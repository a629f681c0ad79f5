/** One line of a Prometheus text page. */
export type Sample = { name: string; labels: Readonly<Record<string, string>>; value: number };

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;

function numberOf(text: string): number {
  if (text === '+Inf') return Number.POSITIVE_INFINITY;
  if (text === '-Inf') return Number.NEGATIVE_INFINITY;
  return Number(text);
}

/** Reads a Prometheus text page; comments and lines that are no samples are skipped. Never throws. */
export function parseExposition(text: string): Sample[] {
  return text.split('\n').flatMap((line) => {
    const found = LINE.exec(line);
    const [, name, inner = '', value] = found ?? [];
    if (name === undefined || value === undefined) return [];
    const labels = [...inner.matchAll(LABEL)].map(([, key = '', raw = '']) => {
      const plain = raw.replaceAll(/\\(.)/g, (_, sign: string) => (sign === 'n' ? '\n' : sign));
      return [key, plain] as const;
    });
    return [{ name, labels: Object.fromEntries(labels), value: numberOf(value) }];
  });
}
