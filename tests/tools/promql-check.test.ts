import { parser } from '@prometheus-io/lezer-promql';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkPromql, MAX_EXPRESSION } from '#tools/drivers/promql-check.ts';

const rules = {
  metrics: ['up', 'http_requests_total', 'node_*'],
  scope: [{ label: 'service', value: 'checkout' }],
  maxRangeMs: 3_600_000,
};
const check = (expression: string) => checkPromql(parser, expression, rules);
const refusalOf = (expression: string) => {
  const verdict = check(expression);
  return verdict.kind === 'ok' ? 'ok' : verdict.reason;
};
const S = 'service="checkout"';

test.each([
  `up{${S}}`,
  `sum by (code) (rate(http_requests_total{${S},code=~"5.."}[5m]))`,
  `rate(http_requests_total{${S}}[5m] offset 1h) / rate(http_requests_total{${S}}[5m])`,
  `topk(3, node_cpu_seconds_total{ service = "checkout" })`,
  `histogram_quantile(0.99, sum by (le) (rate(http_requests_total{${S}}[1m])))`,
  `absent(up{${S}}) or vector(1)`,
  `-up{${S}} > bool 0 and on (job) group_left () up{${S}}`,
])('%s is taken', (expression) => {
  expect(check(expression)).toEqual({ kind: 'ok' });
});

describe('what reads more than is allowed is refused', () => {
  test.each([
    ['another metric', `secrets_total{${S}}`, 'metric'],
    ['another metric beside an allowed one', `up{${S}} or secrets_total{${S}}`, 'metric'],
    ['a metric by a pattern of its name', `{__name__=~".*",${S}}`, 'metric'],
    ['a second name as a label', `up{__name__="secrets_total",${S}}`, 'not_allowed'],
    ['a quoted name', `{"secrets_total",${S}}`, 'metric'],
    ['a quoted label', `up{"service"="checkout"}`, 'scope'],
    ['no service', 'up', 'scope'],
    ['another service', 'up{service="billing"}', 'scope'],
    ['a pattern of services', 'up{service=~"checkout"}', 'scope'],
    ['not this service', 'up{service!="checkout"}', 'scope'],
    ['the service only in one of two selectors', `up{${S}} or up`, 'scope'],
    ['the service in another label', 'up{x="service=\\"checkout\\""}', 'scope'],
    ['a long range', `rate(http_requests_total{${S}}[2h])`, 'range'],
    ['a range of several parts', `rate(http_requests_total{${S}}[59m61s])`, 'range'],
    ['a long offset', `up{${S}} offset 1d`, 'range'],
    ['an offset into the future', `up{${S}} offset -5m`, 'range'],
    ['a range by arithmetic', `rate(http_requests_total{${S}}[1m * 100])`, 'range'],
    ['a subquery', `max_over_time(up{${S}}[30m:1s])`, 'not_allowed'],
    ['another time', `up{${S}} @ 0`, 'not_allowed'],
    ['the start of the range', `up{${S}} @ start()`, 'not_allowed'],
    ['a function that reads a metric of its own', `info(up{${S}})`, 'not_allowed'],
    ['labels that are made up', `label_replace(up{${S}}, "service", "$1", "x", "(.*)")`, 'not_allowed'],
    ['a comment', `up{${S}} # or secrets_total`, 'not_allowed'],
    ['what is no PromQL', `up{${S}`, 'not_promql'],
    ['two expressions', `up{${S}} up{${S}}`, 'not_promql'],
    ['nothing', '   ', 'not_promql'],
    ['only a number', '1 + 1', 'metric'],
    ['other characters', `up{${S},x="\u0430"}`, 'not_promql'],
    ['too much text', `up{${S}}${' '.repeat(MAX_EXPRESSION)}`, 'too_large'],
    ['too many selectors', Array.from({ length: 13 }, () => `up{${S}}`).join('+'), 'too_large'],
  ])('%s', (_, expression, reason) => {
    expect(refusalOf(expression)).toBe(reason);
  });
});

/** Every name that stands where a metric could: words outside of strings, labels and functions. */
const pieces = fc.oneof(
  fc.constantFrom(
    ...[
      'up',
      'http_requests_total',
      'node_load1',
      'secrets_total',
      'sum',
      'rate',
      'info',
      'by',
      'on',
      'or',
      'and',
    ],
    ...[
      '{',
      '}',
      '(',
      ')',
      '[',
      ']',
      ',',
      '=',
      '=~',
      '!=',
      '"',
      "'",
      '`',
      '\\',
      '@',
      ':',
      '#',
      '\n',
      ' ',
      '5m',
      '2h',
    ],
    ...[
      'offset',
      '-',
      '+',
      '/',
      '1',
      '__name__',
      'service',
      '"checkout"',
      S,
      `{${S}}`,
      '[5m]',
      '(le)',
      'start()',
    ],
    ...[
      '"secrets_total"',
      '{"secrets_total"}',
      'by (secrets_total)',
      'bool',
      'unless',
      'group_left',
      'smoothed',
    ],
  ),
  fc.string({ maxLength: 4 }),
);
const texts = fc.array(pieces, { maxLength: 24 }).map((parts) => parts.join(''));

test('whatever is put together, nothing that is accepted reads a metric or a service that is not allowed', () => {
  let accepted = 0;
  fc.assert(
    fc.property(texts, (expression) => {
      if (check(expression).kind !== 'ok') return;
      accepted += 1;
      // By another way than the check: without strings, a name in front of braces, or alone, is a metric.
      const bare = expression.replace(/"[^"]*"/g, '""');
      expect(bare).not.toMatch(/secrets_total(?!\s*[),])/);
      expect(bare).not.toMatch(/["'`\\@#:]{3}|__name__|'|`|@|#|\[[^\]]*:/);
      const selectors = bare.match(/[a-z_0-9]+\s*\{/gi) ?? [];
      const scoped = expression.match(/service\s*=\s*"checkout"/g) ?? [];
      expect(scoped.length).toBeGreaterThanOrEqual(selectors.length);
    }),
    { numRuns: 4000, examples: [[`up{${S}}`], [`rate(http_requests_total{${S}}[5m])`]] },
  );
  expect(accepted).toBeGreaterThan(0);
});

test('an accepted expression with one metric exchanged for another is refused', () => {
  const metric = fc.stringMatching(/^[a-z_:][a-z0-9_:]{0,20}$/);
  const allowed = (name: string): boolean =>
    name === 'up' || name === 'http_requests_total' || name.startsWith('node_');
  fc.assert(
    fc.property(
      metric,
      fc.constantFrom('sum(X{S})', 'rate(X{S}[5m])', 'up{S} / X{S}', 'topk(1, (X{S}))'),
      (name, form) => {
        const verdict = check(form.replace('X', name).replaceAll('S', S));
        if (!allowed(name)) expect(verdict.kind).toBe('refused');
      },
    ),
    { numRuns: 2000 },
  );
});
