import { z } from 'zod';
import type { HistorySeen, PastIncident } from '#incidents/observations-history.ts';
import { ServiceRef } from '#incidents/refs.ts';
import type { ReadTool, ToolContext, ToolResult } from '../tool.ts';
import { joined } from './foreign.ts';
import { knownService, notConfigured, unknownService } from './known-service.ts';

const MAX_LISTED = 10;

const Args = z.strictObject({ service: ServiceRef });
type Args = z.infer<typeof Args>;

/** What earlier incidents of a service were, and what helped: ids, closed words and times out of the log, nobody's sentence. */
export const incidentHistory: ReadTool<Args> = {
  kind: 'read',
  tier: 'R0',
  name: 'incident_history',
  version: 1,
  description: 'Earlier incidents of one service, their causes, and what helped.',
  args: Args,
  deadlineMs: 5_000,
  perform: (args, context) => Promise.resolve(look(args, context)),
};

function look({ service: ref }: Args, { inventory, world }: ToolContext): ToolResult {
  const service = knownService(inventory, ref);
  if (service === undefined) return unknownService(ref);
  if (world.history === undefined) return notConfigured('earlier incidents are not known here');
  const incidents = [...world.history(service.id, MAX_LISTED)];
  const value: HistorySeen = { service: service.id, incidents };
  return {
    kind: 'ok',
    value,
    text: joined([`${service.id}: ${incidents.length} earlier incidents`, ...incidents.map(lineOf)]),
    facts: { service: service.id, incidents: incidents.length, ...lastOf(incidents[0]) },
  };
}

/** The newest, as the entry itself tells of it. */
function lastOf(past: PastIncident | undefined) {
  if (past === undefined) return {};
  const { incident, openedAt, actions } = past;
  const told = past.confirmed ?? past.named;
  const { tool, outcome } = actions.at(-1) ?? {};
  return {
    last: incident,
    at: openedAt,
    ...(told !== null && { cause: told.cause, causeService: told.service }),
    ...(tool !== undefined && outcome !== undefined && { tool, outcome }),
  };
}

function lineOf({
  incident,
  openedAt,
  resolution,
  named,
  confirmed,
  refuted,
  actions,
}: PastIncident): string {
  const at = (what: PastIncident['named']) => `${what?.cause} of ${what?.object ?? what?.service}`;
  return [
    `${incident} ${new Date(openedAt).toISOString()}`,
    named === null ? 'no cause named' : `named ${at(named)}`,
    ...(confirmed === null ? [] : [`a person says: ${at(confirmed)}`]),
    ...(refuted === null ? [] : [`a person says: not ${at(refuted)}`]),
    ...actions.map(({ tool, outcome }) => `${tool} ${outcome}`),
    resolution,
  ].join(', ');
}
