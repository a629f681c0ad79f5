import { z } from 'zod';
import { clip, inert } from '#core/inert.ts';
import { SECRET_SETTINGS } from './config-fields.ts';
import type { Path, Problem } from './config-yaml.ts';
import { didYouMean } from './suggest.ts';

type Issue = z.core.$ZodIssue;
/** So many settings of one group that are none are named: a file with more is no config. */
const MOST_UNKNOWN = 50;

/** What zod found, one problem per mistake, in words. No value of a setting that may hold a secret is repeated. */
export function problemsOf(schema: z.ZodType, issues: readonly Issue[], value: unknown): Problem[] {
  return issues.flatMap((issue) => problems(schema, issue, value));
}

function problems(schema: z.ZodType, issue: Issue, value: unknown): Problem[] {
  const path = issue.path.map((step) => (typeof step === 'number' ? step : String(step)));
  const written = at(value, path);
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.slice(0, MOST_UNKNOWN).map((key) => ({
        path: [...path, key],
        message: `is not a setting${didYouMean(key, settingsAt(schema, path))}`,
      }));
    case 'invalid_union': {
      const inner = unionIssues(issue);
      if (inner.length === 0) return [{ path, message: notOneOf(path, written, optionsOf(issue)) }];
      return inner.flatMap((one) => problems(schema, { ...one, path: [...issue.path, ...one.path] }, value));
    }
    case 'invalid_key':
      return [{ path, message: `${show(path, path.at(-1))} ${issue.issues[0]?.message ?? 'is not a name'}` }];
    default:
      return [{ path, message: messageOf(issue, path, written) }];
  }
}

/** The values that would have chosen a branch; zod's types do not name them. */
function optionsOf(issue: Issue): string[] {
  return 'options' in issue && Array.isArray(issue.options) ? issue.options.map(String) : [];
}

/** The branch that went furthest is the one that was meant. */
function unionIssues(issue: Extract<Issue, { code: 'invalid_union' }>): Issue[] {
  const depth = (branch: readonly Issue[]): number => Math.max(...branch.map((one) => one.path.length));
  const branches = issue.errors.filter((branch) => branch.length > 0);
  return branches.toSorted((a, b) => depth(b) - depth(a) || Number(isType(a)) - Number(isType(b)))[0] ?? [];
}

const isType = (branch: readonly Issue[]): boolean => branch.some((one) => one.code === 'invalid_type');

function messageOf(issue: Issue, path: Path, written: unknown): string {
  if (written === undefined) return 'is missing';
  switch (issue.code) {
    case 'invalid_type':
      return `expected ${TYPES.get(issue.expected) ?? issue.expected}, not ${typeWord(written)}`;
    case 'invalid_value':
      return notOneOf(path, written, issue.values.map(String));
    case 'too_small':
      return isSized(written)
        ? `needs at least ${issue.minimum}`
        : `${show(path, written)} is too small; the least is ${issue.minimum}`;
    case 'too_big':
      return isSized(written)
        ? `is too long; the limit is ${issue.maximum}`
        : `${show(path, written)} is too large; the most is ${issue.maximum}`;
    case 'invalid_format':
    case 'custom': {
      const message = issue.message.startsWith('not ') ? `is ${issue.message}` : issue.message;
      const shown = show(path, written);
      return issue.message === 'Invalid input' || issue.message.startsWith('Invalid string')
        ? `${shown} is not allowed here`
        : `${shown} ${message}`.trim();
    }
    default:
      return issue.message;
  }
}

const isSized = (value: unknown): boolean => typeof value === 'string' || Array.isArray(value);

function notOneOf(path: Path, written: unknown, values: readonly string[]): string {
  if (written === undefined)
    return `is missing; ${values.length === 1 ? `must be ${values[0]}` : `one of ${values.join(', ')}`}`;
  const list = values.length === 1 ? `must be ${values[0]}` : `is not one of ${values.join(', ')}`;
  return `${show(path, written)} ${list}${didYouMean(String(written), values)}`.trim();
}

const TYPES: ReadonlyMap<string, string> = new Map([
  ['string', 'text'],
  ['number', 'a number'],
  ['int', 'a whole number'],
  ['boolean', 'true or false'],
  ['array', 'a list'],
  ['object', 'settings'],
  ['record', 'settings by name'],
]);

function typeWord(value: unknown): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  switch (typeof value) {
    case 'string':
      return 'text';
    case 'number':
      return Number.isInteger(value) ? 'a whole number' : 'a number';
    case 'boolean':
      return 'true or false';
    default:
      return 'settings';
  }
}

const HIDDEN: ReadonlySet<string> = new Set([
  ...SECRET_SETTINGS,
  ...['act_token', 'hash', 'key', 'url', 'base_url', 'api', 'discover', 'probe'],
]);

/**
 * The value as it was written; nothing for settings that hold secrets, or addresses, where secrets end up by mistake.
 */
export function show(path: Path, value: unknown): string {
  if (HIDDEN.has(path.findLast((step) => typeof step === 'string') ?? '')) return '';
  if (typeof value === 'string') return `"${clip(inert(value), 60)}"`;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : typeWord(value);
}

function at(value: unknown, path: Path): unknown {
  return path.reduce(
    (from: unknown, step) => (isObject(from) && Object.hasOwn(from, step) ? from[step] : undefined),
    value,
  );
}

const isObject = (value: unknown): value is Record<string | number, unknown> =>
  typeof value === 'object' && value !== null;

/** Names of all settings that may stand at a path. */
function settingsAt(schema: z.ZodType, path: Path): string[] {
  return optionsAt(schema, path).flatMap((option) => Object.keys(option.shape));
}

/** The object schemas that apply at a path: several where a `kind` chooses. */
function optionsAt(schema: z.core.$ZodType, path: Path): z.ZodObject[] {
  if (schema instanceof z.ZodUnion) return schema.options.flatMap((option) => optionsAt(option, path));
  if (
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodExactOptional
  ) {
    return optionsAt(schema.def.innerType, path);
  }
  const [step, ...rest] = path;
  if (schema instanceof z.ZodArray) return optionsAt(schema.element, rest);
  if (schema instanceof z.ZodRecord) return optionsAt(schema.valueType, rest);
  if (!(schema instanceof z.ZodObject)) return [];
  if (step === undefined) return [schema];
  const inner = schema.shape[step];
  return inner === undefined ? [] : optionsAt(inner, rest);
}
