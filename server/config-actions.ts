import { z } from 'zod';
import { ServiceId } from '#core/ids.ts';
import {
  ActionWord,
  holesIn,
  type OperatorAction,
  type Param,
  ParamName,
} from '#incidents/operator-action.ts';
import { Cause } from '#incidents/vocabulary.ts';
import { runsItsArguments } from '#tools/drivers/program-file.ts';
import { duration, words } from './config-fields.ts';
import { type Group, group, list } from './config-shape.ts';
import type { Path, Problem } from './config-yaml.ts';
import { didYouMean } from './suggest.ts';

/** The operator's own actions: commands with lists of values, never a shell. */

const MOST_ACTIONS = 40;
/** The longest value that a parameter can have. */
const MOST_VALUE = 64;
const MOST_ELEMENT = 300;
/** All of a command, and all of its environment, stand on the card that people decide on. */
const MOST_COMMAND = 500;
const MOST_ENVIRONMENT = 900;

/** One element of a command line: printable, so that people see all of it. */
const element = z
  .string()
  .regex(/^[\x20-\x7e]{1,200}$/, 'is not one element of a command line: 1 to 200 printable ASCII characters');
const argv = z.array(element).min(1).max(32);
const param = z.union([
  z.strictObject({
    int: z
      .strictObject({ min: z.int().min(0).max(1_000_000), max: z.int().min(0).max(1_000_000) })
      .refine(({ min, max }) => min <= max, 'has a min above its max'),
  }),
  z.strictObject({ one_of: z.array(ActionWord).min(1).max(50) }),
]);

export const actionFile = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9_-]{0,39}$/, 'is not a name such as restart-queue'),
  service: ServiceId,
  about: words,
  argv,
  params: z.record(ParamName, param).default({}),
  undo: z.strictObject({ argv }).exactOptional(),
  tier: z.enum(['change', 'wide_change']).default('change'),
  timeout: duration(1000)
    .refine((ms) => ms <= 600_000, 'is more than 10m')
    .default(60_000),
  env: z
    .record(
      z.string().regex(/^[A-Z_][A-Z0-9_]{0,59}$/, 'is not the name of an environment variable'),
      z.string().regex(/^file:[\x20-\x7e]{1,280}$/, 'must be file:/path: only what makes changes reads it'),
    )
    .refine(
      (env) => Object.entries(env).join('').length <= MOST_ENVIRONMENT,
      `is too long to be shown: ${MOST_ENVIRONMENT} characters at most`,
    )
    .default({}),
  causes: z
    .array(Cause.exclude(['unknown']))
    .max(20)
    .default([]),
});
export const actionsFile = z.array(actionFile).max(MOST_ACTIONS);
type ActionFile = z.infer<typeof actionFile>;

/** The actions of a file that was checked, by name. */
export function buildActions(actions: readonly ActionFile[]): ReadonlyMap<string, OperatorAction> {
  return new Map(
    actions.map(({ params, undo, tier, timeout, env, ...rest }) => [
      rest.name,
      {
        ...rest,
        params: new Map(Object.entries(params).map(([name, one]) => [name, paramOf(one)])),
        undo: undo?.argv ?? null,
        tier: tier === 'change' ? 'R2' : 'R3',
        timeoutMs: timeout,
        env: new Map(Object.entries(env)),
      },
    ]),
  );
}

function paramOf(one: ActionFile['params'][string]): Param {
  return 'int' in one ? { kind: 'int', ...one.int } : { kind: 'one_of', words: one.one_of };
}

/** Ids of the services that have an action, as far as the file can be read. */
export function servicesWithActions(root: Group): ReadonlySet<unknown> {
  return new Set(list(root.actions).map((one) => group(one).service));
}

/** Names twice, services that there are not, and what is wrong with a command line. */
export function checkActions(root: Group, services: ReadonlySet<string>): Problem[] {
  const seen = new Set<unknown>();
  return list(root.actions).flatMap((one, at) => {
    const action = group(one);
    const path: Path = ['actions', at];
    const { name, service } = action;
    const problems: Problem[] = [];
    if (seen.has(name)) problems.push({ path: [...path, 'name'], message: 'is the name of another action' });
    seen.add(name);
    if (typeof service === 'string' && !services.has(service)) {
      const message = `${JSON.stringify(service)} is not a service${didYouMean(service, services)}`;
      problems.push({ path: [...path, 'service'], message });
    }
    return [...problems, ...checkCommands(path, action)];
  });
}

function checkCommands(path: Path, action: Group): Problem[] {
  const params = new Set(Object.keys(group(action.params)));
  const commands = [
    { at: [...path, 'argv'], argv: textsOf(action.argv) },
    { at: [...path, 'undo', 'argv'], argv: textsOf(group(action.undo).argv) },
  ];
  const unused = [...params].filter((name) => !holesIn(commands[0]?.argv ?? []).includes(name));
  return [
    ...commands.flatMap(({ at, argv: parts }) => checkCommand(at, parts, params)),
    ...unused.map((name) => ({ path: [...path, 'params', name], message: `argv has no {${name}}` })),
  ];
}

function checkCommand(path: Path, argv: readonly string[], params: ReadonlySet<string>): Problem[] {
  const [program, ...rest] = argv;
  if (program === undefined) return [];
  const problems: Problem[] = [];
  const first = programProblem(program);
  if (first !== undefined) problems.push({ path: [...path, 0], message: first });
  rest.forEach((part, at) => {
    const message = elementProblem(part, params);
    if (message !== undefined) problems.push({ path: [...path, at + 1], message });
  });
  const longest = argv.join(' ').length + holesIn(argv).length * MOST_VALUE;
  if (longest > MOST_COMMAND)
    problems.push({ path, message: `can become too long to be shown: ${MOST_COMMAND} characters at most` });
  return problems;
}

function programProblem(program: string): string | undefined {
  if (!/^\/[^{}]*$/.test(program)) return 'must be the absolute path of a program, without parameters';
  if (/(^|\/)\.{0,2}(\/|$)/.test(program.slice(1))) return 'must be a plain path, without . and ..';
  const hidden = runsItsArguments(program);
  return hidden === undefined ? undefined : `cannot be run: ${hidden}`;
}

function elementProblem(part: string, params: ReadonlySet<string>): string | undefined {
  const holes = holesIn([part]);
  const unknown = holes.find((name) => !params.has(name));
  if (unknown !== undefined) return `{${unknown}} is not a parameter${didYouMean(unknown, params)}`;
  if (/[{}]/.test(part.replace(/\{[^{}]*\}/g, ''))) return 'has a brace that belongs to no {parameter}';
  if (part.length + holes.length * MOST_VALUE > MOST_ELEMENT) return 'can become too long to be shown';
  // A program that runs another one is often named first, with a shell behind it.
  const hidden = part.startsWith('/') ? runsItsArguments(part) : undefined;
  return hidden === undefined ? undefined : `cannot be run: ${hidden}`;
}

function textsOf(value: unknown): readonly string[] {
  return list(value).filter((one) => typeof one === 'string');
}
