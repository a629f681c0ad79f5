import { z } from 'zod';
import type { ServiceId } from '#core/ids.ts';
import type { Cause, Tier } from './vocabulary.ts';

/** A word that can stand in a command line and cannot be taken for an option. */
export const ActionWord = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'is not a plain word');
export const ParamName = z.string().regex(/^[a-z][a-z0-9_]{0,19}$/, 'is not a name such as count');
/** What an action is called with; a number is written in digits. */
export const ActionParams = z.array(z.strictObject({ name: ParamName, value: ActionWord })).max(8);
export type ActionParams = z.infer<typeof ActionParams>;

/** The values that a parameter may have, all of them; no number is negative. */
export type Param =
  | { readonly kind: 'int'; readonly min: number; readonly max: number }
  | { readonly kind: 'one_of'; readonly words: readonly string[] };

/** A command of the operator's own, as the config defines it. */
export type OperatorAction = {
  readonly name: string;
  readonly service: ServiceId;
  /** What it does, in the operator's words. */
  readonly about: string;
  /** The program's absolute path and its arguments; `{name}` stands for a parameter. */
  readonly argv: readonly string[];
  readonly params: ReadonlyMap<string, Param>;
  /** What takes it back, in the same way; null: nothing does. */
  readonly undo: readonly string[] | null;
  readonly tier: Extract<Tier, 'R2' | 'R3'>;
  readonly timeoutMs: number;
  /** Names of the environment, each with the reference of the file that holds its value. */
  readonly env: ReadonlyMap<string, string>;
  /** Causes for which agents may propose it; for any other only a person asks for it. */
  readonly causes: readonly Cause[];
};

/** Why values do not fit an action, or undefined when they do: each parameter once, nothing else. */
export function misfit({ params }: OperatorAction, values: ActionParams): string | undefined {
  const unknown = values.find(({ name }) => !params.has(name));
  if (unknown !== undefined) return `it has no parameter ${unknown.name}`;
  for (const [name, param] of params) {
    const [said, again] = values.filter((one) => one.name === name);
    if (said === undefined) return `the parameter ${name} is missing`;
    if (again !== undefined) return `the parameter ${name} is said twice`;
    if (!fits(param, said.value)) return `${name} cannot be ${said.value}`;
  }
  return undefined;
}

function fits(param: Param, value: string): boolean {
  if (param.kind === 'one_of') return param.words.includes(value);
  return /^(0|[1-9]\d{0,8})$/.test(value) && Number(value) >= param.min && Number(value) <= param.max;
}

const HOLE = /\{([^{}]*)\}/g;

/** The names that stand in braces in a command line. */
export function holesIn(argv: readonly string[]): readonly string[] {
  return argv.flatMap((part) => [...part.matchAll(HOLE)].map(([, name = '']) => name));
}

/** The command line with its values, which fit: digits and listed words only, each within its own element. */
export function filled(argv: readonly string[], values: ActionParams): readonly string[] {
  const said = new Map(values.map(({ name, value }) => [name, value]));
  return argv.map((part) => part.replace(HOLE, (_, name: string) => said.get(name) ?? ''));
}

/** `action:restart-queue?count=2&shard=a`: one call of an action, as somebody asks for it. */
export const ActionCallRef = z
  .string()
  .max(300)
  .regex(
    /^action:[a-z][a-z0-9_-]{0,39}(\?[a-z][a-z0-9_]{0,19}=[A-Za-z0-9][A-Za-z0-9._-]{0,63}(&[a-z][a-z0-9_]{0,19}=[A-Za-z0-9][A-Za-z0-9._-]{0,63})*)?$/,
    'not a call of an action',
  );
export type ActionCallRef = z.infer<typeof ActionCallRef>;

/** `restart-queue count 1 to 5, shard a|b`: what can be said of it. */
export function callWords({ name, params }: OperatorAction): string {
  return `${name} ${paramsWords(params)}`.trim();
}

export function paramsWords(params: ReadonlyMap<string, Param>): string {
  return [...params]
    .map(([name, param]) =>
      param.kind === 'int' ? `${name} ${param.min} to ${param.max}` : `${name} ${param.words.join('|')}`,
    )
    .join(', ');
}

/** The same values in the one order in which they are kept. */
export function inOrder(values: ActionParams): ActionParams {
  return values.toSorted((one, other) => (one.name < other.name ? -1 : 1));
}

/** The reference of a call; the same values give the same reference, in whatever order they come. */
export function actionCallRef(target: string, values: ActionParams): ActionCallRef {
  const parts = inOrder(values).map(({ name, value }) => `${name}=${value}`);
  return parts.length === 0 ? target : `${target}?${parts.join('&')}`;
}

/** The action that a reference names with its values, as far as the inventory has it, the values fit, and they are in their one order. */
export function actionCallOf(
  actions: ReadonlyMap<string, OperatorAction> | undefined,
  ref: ActionCallRef,
): { readonly action: OperatorAction; readonly params: ActionParams } | undefined {
  const [name = '', said = ''] = ref.slice('action:'.length).split('?');
  const action = actions?.get(name);
  const pairs = said.split('&').filter((one) => one !== '');
  const params = inOrder(
    pairs.map((pair) => {
      const [key = '', value = ''] = pair.split('=');
      return { name: key, value };
    }),
  );
  if (action === undefined || misfit(action, params) !== undefined) return undefined;
  // One call has one reference: what is asked for is compared with what is proposed letter by letter.
  return actionCallRef(`action:${name}`, params) === ref ? { action, params } : undefined;
}
