import type { LRParser } from '@lezer/lr';

export type PromqlRules = {
  /** Names of metrics that may be read; one that ends in `*` stands for all that begin so. */
  readonly metrics: readonly string[];
  /** Every selector must carry one of these as `label="value"`. */
  readonly scope: readonly { readonly label: string; readonly value: string }[];
  /** Longest range and longest offset. */
  readonly maxRangeMs: number;
};
export const promqlRefusals = ['not_promql', 'too_large', 'not_allowed', 'metric', 'scope', 'range'] as const;
export type PromqlVerdict =
  | { readonly kind: 'ok' }
  | { readonly kind: 'refused'; readonly reason: (typeof promqlRefusals)[number]; readonly detail: string };

export const MAX_EXPRESSION = 1000;
const MAX_SELECTORS = 12;

const words = (text: string): readonly string[] => text.trim().split(/\s+/);
/** Functions that read nothing but what they are given. */
const functions = words(`
  AbsentOverTime Absent Abs AvgOverTime Ceil Changes Clamp ClampMax ClampMin CountOverTime Delta Deriv Exp
  FirstOverTime Floor HistogramAvg HistogramCount HistogramFraction HistogramQuantile HistogramSum Idelta Increase
  Irate LastOverTime Ln Log10 Log2 MaxOverTime MinOverTime PredictLinear PresentOverTime QuantileOverTime Rate Resets
  Round Scalar Sgn Sort SortDesc Sqrt StddevOverTime StdvarOverTime SumOverTime Time Timestamp Vector`);
/**
 * All that an expression may consist of. What is not here is refused, whatever a later grammar calls it: quoted names, `@`,
 * subqueries, comments, strings as arguments, arithmetic of durations, functions that read metrics of their own.
 */
const allowed: ReadonlySet<string> = new Set([
  ...functions,
  ...words(`
    PromQL AggregateExpr AggregateOp AggregateModifier GroupingLabels LabelName FunctionCallBody FunctionCall
    FunctionIdentifier BinaryExpr BoolModifier MatchingModifierClause MatrixSelector OffsetExpr OffsetDurationExpr
    ParenExpr UnaryExpr UnaryOp VectorSelector Identifier LabelMatchers UnquotedLabelMatcher MatchOp StringLiteral
    DurationExpr NumberDurationLiteral NumberDurationLiteralInDurationContext
    Avg Bottomk Count Group Max Min Quantile Stddev Stdvar Sum Topk By Without And Or Unless Bool Ignoring On GroupLeft
    GroupRight Offset Pow Mul Div Mod Add Sub Eql Neq Gte Gtr Lte Lss EqlSingle EqlRegex NeqRegex`),
]);
const UNITS: Readonly<Record<string, number>> = {
  ...{ ms: 1, s: 1000, m: 60_000, h: 3_600_000 },
  ...{ d: 86_400_000, w: 604_800_000, y: 31_536_000_000 },
};

type Node = ReturnType<LRParser['parse']>['topNode'];

/**
 * Whether an expression reads only metrics that are allowed, of the service that it is about, over a range that is allowed. Pure,
 * never throws; what it does not know it refuses.
 */
export function checkPromql(parser: LRParser, expression: string, rules: PromqlRules): PromqlVerdict {
  if (expression.length > MAX_EXPRESSION)
    return refused('too_large', `more than ${MAX_EXPRESSION} characters`);
  if (!/^[\x20-\x7e\n]+$/.test(expression)) return refused('not_promql', 'only plain characters are taken');
  const text = (node: Node): string => expression.slice(node.from, node.to);
  let verdict: PromqlVerdict = { kind: 'ok' };
  let selectors = 0;
  const say = (found: PromqlVerdict): void => {
    if (verdict.kind === 'ok') verdict = found;
  };
  parser.parse(expression).iterate({
    enter: ({ node }) => {
      if (node.type.isError) say(refused('not_promql', `cannot be read at character ${node.from}`));
      else if (!allowed.has(node.name))
        say(refused('not_allowed', `${text(node).slice(0, 60)} is not allowed here`));
      if (node.name === 'VectorSelector') {
        selectors += 1;
        say(checkSelector(node, text, rules));
      }
      if (node.name === 'DurationExpr' || node.name === 'OffsetDurationExpr')
        say(checkDuration(text(node), rules.maxRangeMs));
      return verdict.kind === 'ok';
    },
  });
  if (verdict.kind === 'ok' && selectors === 0) return refused('metric', 'it reads no metric');
  if (verdict.kind === 'ok' && selectors > MAX_SELECTORS)
    return refused('too_large', `more than ${MAX_SELECTORS} selectors`);
  return verdict;
}

function checkSelector(node: Node, text: (node: Node) => string, rules: PromqlRules): PromqlVerdict {
  const name = node.getChild('Identifier');
  const metric = name === null ? '' : text(name);
  if (!rules.metrics.some((one) => fits(one, metric)))
    return refused('metric', `${metric || 'a selector without a name'} is not among the allowed metrics`);
  const matchers = (node.getChild('LabelMatchers')?.getChildren('UnquotedLabelMatcher') ?? []).map(text);
  if (matchers.some((one) => one.trimStart().startsWith('__')))
    return refused('not_allowed', 'a label that begins with __ is not allowed here');
  const wanted = rules.scope.map(({ label, value }) => `${label}="${value}"`);
  if (matchers.some((one) => wanted.includes(one.replaceAll(/\s/g, '')))) return { kind: 'ok' };
  return refused('scope', `each selector needs ${wanted.join(' or ')}`);
}

const fits = (pattern: string, metric: string): boolean =>
  pattern.endsWith('*') ? metric.startsWith(pattern.slice(0, -1)) && metric !== '' : metric === pattern;

function checkDuration(written: string, most: number): PromqlVerdict {
  if (!/^(\d{1,9}(ms|[smhdwy]))+$/.test(written))
    return refused('range', `${written.slice(0, 40)} is not a duration such as 5m`);
  const ms = [...written.matchAll(/(\d+)(ms|[smhdwy])/g)].reduce(
    (sum, [, count, unit]) => sum + Number(count) * (UNITS[unit ?? ''] ?? Number.POSITIVE_INFINITY),
    0,
  );
  return ms <= most ? { kind: 'ok' } : refused('range', `${written} is longer than ${most / 60_000} minutes`);
}

function refused(reason: (typeof promqlRefusals)[number], detail: string): PromqlVerdict {
  return { kind: 'refused', reason, detail };
}
