import { z } from 'zod';
import { Step } from '#approvals/plan.ts';
import { callersOf, type Inventory } from '#incidents/inventory.ts';
import {
  ActionParams,
  ActionWord,
  filled,
  inOrder,
  misfit,
  type OperatorAction,
  type Param,
} from '#incidents/operator-action.ts';
import { ActionRef, ServiceRef, serviceRef } from '#incidents/refs.ts';
import { shortForeign } from '../drivers/http-text.ts';
import { knownService } from '../read/known-service.ts';
import type { ActTool, ToolContext } from '../tool.ts';
import { type Prepared, refused } from './prepare-step.ts';

const Args = z.strictObject({ target: ActionRef, service: ServiceRef, params: ActionParams });
type Args = z.infer<typeof Args>;

const TOOL_VERSION = 1;
/** What the process that makes changes waits for at most, whatever an action's own limit is. */
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
    return run({ argv: filled(argv, change.params), env: action.env }, signal);
  },
  settle: async () => 'unknown',
};

/** The tool as agents are told of it where the config has actions: their names and the values that each takes. */
export function operatorActionFor(actions: ReadonlyMap<string, OperatorAction>): ActTool<Args> {
  const all = [...actions.values()];
  const names = [...new Set(all.flatMap(({ params }) => [...params.keys()]))];
  const about = all.map(
    ({ name, service, about, params }) => `${name} (${service}): ${about}${paramsWords(params)}`,
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

function paramsWords(params: ReadonlyMap<string, Param>): string {
  const each = [...params].map(([name, param]) =>
    param.kind === 'int' ? `${name} ${param.min} to ${param.max}` : `${name} ${param.words.join('|')}`,
  );
  return each.length === 0 ? '' : `, ${each.join(', ')}`;
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
  const argv = filled(action.argv, params);
  const program = world.programs?.inspect(argv[0] ?? '');
  if (program === undefined) return refused('not_configured', 'programs cannot be looked at here');
  if (program.kind === 'problem') return refused('dry_run_failed', program.why);
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
      ...{ uid: program.digest, generation: 0 },
    },
    preview: {
      argv,
      back: action.undo === null ? null : filled(action.undo, params),
      program: program.digest,
    },
    undo: action.undo === null ? null : { tool: 'operator_action', ...about, back: true },
    touches: [service.id, ...callers],
    deadlineMs: action.timeoutMs,
    manual: byHand(argv),
  });
  return step.success
    ? { kind: 'step', step: step.data }
    : refused('dry_run_failed', shortForeign(z.prettifyError(step.error)));
}

/** As a person types it; single quotes hold everything but themselves. */
function byHand(argv: readonly string[]): string {
  const quoted = argv.map((part) =>
    /^[\w.:@+/=,-]+$/.test(part) ? part : `'${part.replaceAll("'", "'\\''")}'`,
  );
  const whole = quoted.join(' ');
  return whole.length <= MAX_MANUAL ? whole : `${argv[0]} with the arguments that are shown`;
}
