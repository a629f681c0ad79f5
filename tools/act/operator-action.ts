import { z } from 'zod';
import { type Command, Step } from '#approvals/plan.ts';
import { callersOf, type Inventory } from '#incidents/inventory.ts';
import {
  ActionParams,
  ActionWord,
  filled,
  inOrder,
  misfit,
  type OperatorAction,
  paramsWords,
} from '#incidents/operator-action.ts';
import { ActionRef, ServiceRef, serviceRef } from '#incidents/refs.ts';
import { shortForeign } from '../drivers/http-text.ts';
import { namedIn, type ProgramDriver } from '../drivers/program-port.ts';
import { knownService } from '../read/known-service.ts';
import type { ActTool, ToolContext } from '../tool.ts';
import { type Prepared, refused } from './prepare-step.ts';

const Args = z.strictObject({ target: ActionRef, service: ServiceRef, params: ActionParams });
type Args = z.infer<typeof Args>;

const TOOL_VERSION = 1;
/** For looking at the program; how long it may run is the action's own limit. */
const DEADLINE_MS = 15_000;
const MAX_TOUCHES = 64;
const MAX_MANUAL = 300;

/**
 * Runs a command that the operator wrote into the config, with values from the lists there. What it does is known to the
 * operator alone: an outcome that was not seen stays unknown, and it is never run a second time for it.
 */
export const operatorAction: ActTool<Args> = {
  kind: 'act',
  tier: 'R2',
  effect: 'opaque',
  name: 'operator_action',
  version: TOOL_VERSION,
  description: "Propose to run one of the operator's own actions.",
  args: Args,
  deadlineMs: DEADLINE_MS,
  prepare: async (args, context) => prepare(args, context),
  perform: async ({ service, change }, { inventory, world, signal }) => {
    const action = change.tool === 'operator_action' ? actionOf(inventory, change.target) : undefined;
    if (change.tool !== 'operator_action' || action === undefined || action.service !== service.id)
      return { kind: 'refused', reason: 'not_found', detail: `${change.target} is not in the config` };
    const argv = 'back' in change ? action.undo : action.argv;
    const why = argv === null ? 'nothing takes it back' : misfit(action, change.params);
    if (argv === null || why !== undefined) return { kind: 'refused', reason: 'invalid', detail: why ?? '' };
    const run = world.programs?.run;
    if (run === undefined)
      return { kind: 'refused', reason: 'executor_down', detail: 'programs are not run here' };
    const { params, command } = change;
    return run({ argv: filled(argv, params), env: action.env, command }, signal);
  },
  settle: async () => 'unknown',
};

/** The tool as agents are told of it where the config has actions: their names and the values that each takes. */
export function operatorActionFor(actions: ReadonlyMap<string, OperatorAction>): ActTool<Args> {
  const all = [...actions.values()];
  const names = [...new Set(all.flatMap(({ params }) => [...params.keys()]))];
  const about = all.map(({ name, service, about, params }) =>
    [`${name} (${service}): ${about}`, ...(params.size === 0 ? [] : [paramsWords(params)])].join(', '),
  );
  return {
    ...operatorAction,
    description: `${operatorAction.description} ${about.join('; ')}`,
    args: z.strictObject({
      target: z.enum(all.map(({ name }) => `action:${name}`)),
      service: z.enum([...new Set(all.map(({ service }) => serviceRef(service)))]),
      params: z
        .array(z.strictObject({ name: names.length === 0 ? ActionWord : z.enum(names), value: ActionWord }))
        .max(8),
    }),
  };
}

function actionOf({ actions }: Inventory, ref: ActionRef): OperatorAction | undefined {
  return actions?.get(ref.slice('action:'.length));
}

function prepare(args: Args, { inventory, world }: ToolContext): Prepared {
  const action = actionOf(inventory, args.target);
  const service = knownService(inventory, args.service);
  if (action === undefined || service === undefined || action.service !== service.id)
    return refused('unknown_reference', `${args.target} is no action of ${args.service}`);
  const why = misfit(action, args.params);
  if (why !== undefined) return refused('invalid_arguments', why);
  const params = inOrder(args.params);
  const { programs } = world;
  if (programs === undefined) return refused('not_configured', 'programs cannot be looked at here');
  const command = commandOf(programs, action, filled(action.argv, params));
  const back = action.undo === null ? null : commandOf(programs, action, filled(action.undo, params));
  if (typeof command === 'string') return refused('dry_run_failed', command);
  if (typeof back === 'string') return refused('dry_run_failed', back);
  const callers = [...callersOf(inventory, service.id)].filter((id) => id !== service.id).sort();
  if (callers.length >= MAX_TOUCHES)
    return refused('too_wide', `${callers.length} services call ${service.id}`);
  const about = { service: args.service, params };
  const step = Step.safeParse({
    tool: 'operator_action',
    toolVersion: TOOL_VERSION,
    tier: action.tier,
    change: { tool: 'operator_action', target: args.target, ...about },
    target: {
      ...{ ref: args.target, service: service.id, environment: service.environment },
      ...{ uid: command.program, generation: 0 },
    },
    preview: { ...command, back },
    undo: action.undo === null ? null : { tool: 'operator_action', ...about, back: true },
    touches: [service.id, ...callers],
    deadlineMs: action.timeoutMs,
    manual: byHand(command.argv),
  });
  return step.success
    ? { kind: 'step', step: step.data }
    : refused('dry_run_failed', shortForeign(z.prettifyError(step.error)));
}

/** A command as people decide on it, or what is wrong with its program. */
function commandOf(
  programs: ProgramDriver,
  { env }: OperatorAction,
  argv: readonly string[],
): Command | string {
  const program = programs.inspect(argv[0] ?? '');
  if (program.kind === 'problem') return program.why;
  return { argv: [...argv], program: program.digest, env: namedIn(env) };
}

/** As a person types it; single quotes hold everything but themselves. */
function byHand(argv: readonly string[]): string {
  const quoted = argv.map((part) =>
    /^[\w.:@+/=,-]+$/.test(part) ? part : `'${part.replaceAll("'", "'\\''")}'`,
  );
  const whole = quoted.join(' ');
  return whole.length <= MAX_MANUAL ? whole : `${argv[0]} with the arguments that are shown`;
}
