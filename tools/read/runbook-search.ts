import { z } from 'zod';
import type { RunbooksSeen } from '#incidents/observations.ts';
import { ServiceRef } from '#incidents/refs.ts';
import { Cause } from '#incidents/vocabulary.ts';
import type { ReadTool, Runbook, ToolContext, ToolResult } from '../tool.ts';
import { foreign, joined } from './foreign.ts';
import { knownService, notConfigured, unknownService } from './known-service.ts';

const MAX_RUNBOOKS = 5;
/** Of the prose of each, so that five fit. */
const MAX_PROSE = 4000;

const Args = z.strictObject({ service: ServiceRef });
type Args = z.infer<typeof Args>;

/** Finds the runbooks of a service: those that name it first, then those for every service. */
export const runbookSearch: ReadTool<Args> = {
  kind: 'read',
  tier: 'R0',
  name: 'runbook_search',
  version: 1,
  description: 'Runbooks of one service: prose, and the actions that they name per cause.',
  args: Args,
  deadlineMs: 5_000,
  perform: (args, context) => Promise.resolve(find(args, context)),
};

function find({ service: ref }: Args, { inventory, runbooks }: ToolContext): ToolResult {
  const service = knownService(inventory, ref);
  if (service === undefined) return unknownService(ref);
  if (runbooks.length === 0) return notConfigured('there are no runbooks');
  const own = runbooks.filter(({ services }) => services.includes(service.id));
  const general = runbooks.filter(({ services }) => services.length === 0);
  const found = [...own, ...general].slice(0, MAX_RUNBOOKS).map((runbook) => seenOf(runbook, service.id));
  const value: RunbooksSeen = { service: service.id, runbooks: found };
  const actions = found.reduce((sum, runbook) => sum + runbook.actions.length, 0);
  return {
    kind: 'ok',
    value,
    text: textOf(value),
    facts: { service: service.id, runbooks: found.length, actions },
  };
}

function seenOf({ name, prose, actions }: Runbook, service: string): RunbooksSeen['runbooks'][number] {
  const lines = prose.split('\n').map((line) => foreign(line.trimEnd(), 500));
  const here = actions.flatMap(({ cause, tool, target }) => {
    const known = Cause.safeParse(cause);
    return known.success && (target === 'self' || target === service)
      ? [{ cause: known.data, tool: tool.slice(0, 40) }]
      : [];
  });
  return {
    name: foreign(name, 100),
    prose: lines.join('\n').slice(0, MAX_PROSE).toWellFormed(),
    actions: here.slice(0, 10),
  };
}

function textOf({ service, runbooks }: RunbooksSeen): string {
  const lines = runbooks.flatMap(({ name, prose, actions }) => [
    `runbook ${name}`,
    ...actions.map(({ cause, tool }) => `for ${cause}: ${tool}`),
    ...prose.split('\n').map((line) => `> ${line}`),
  ]);
  return joined([`${service}: ${runbooks.length} runbooks`, ...lines]);
}
