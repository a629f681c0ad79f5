import { z } from 'zod';
import type { LogsSeen } from '#incidents/observations.ts';
import { ServiceRef } from '#incidents/refs.ts';
import type { LogLine } from '../drivers/ports.ts';
import type { ReadTool, ToolContext, ToolResult } from '../tool.ts';
import { joined } from './foreign.ts';
import { knownService, notConfigured, unknownService } from './known-service.ts';
import { groupByTemplate } from './log-template.ts';

/** Lines that are grouped; the newest ones when there are more. */
const MAX_LINES = 2000;
const MAX_TEMPLATES = 20;
/** The first part of what the log covers is the time before; a template that is absent there is new. */
const BEFORE_SHARE = 0.25;

const Args = z.strictObject({
  service: ServiceRef,
  level: z.enum(['error', 'warn', 'any']),
  minutes: z.int().min(1).max(60),
});
type Args = z.infer<typeof Args>;

/** Groups the latest log lines of a service by what they have in common. */
export const logsSearch: ReadTool<Args> = {
  kind: 'read',
  tier: 'R0',
  name: 'logs_search',
  version: 1,
  description: 'Recent log lines of one service, grouped by kind, new kinds marked.',
  args: Args,
  deadlineMs: 10_000,
  perform: (args, context) => search(args, context),
};

async function search({ service: ref, level, minutes }: Args, context: ToolContext): Promise<ToolResult> {
  const service = knownService(context.inventory, ref);
  if (service === undefined) return unknownService(ref);
  if (service.logs === undefined && service.loki === undefined)
    return notConfigured(`${service.id} has no logs`);
  const now = context.clock.now();
  const from = now - minutes * 60_000;
  const ask = { service, from, limit: MAX_LINES };
  const seen = await context.world.logs.search({ ...ask, level }, context.signal);
  if (seen.kind === 'gap') return seen;
  // How far back the log reaches is told by lines of any level.
  const all =
    level === 'any' ? seen : await context.world.logs.search({ ...ask, level: 'any' }, context.signal);
  const newFrom = all.kind === 'gap' ? null : endOfBefore(all.value.lines, now);
  const { lines, total, truncated } = seen.value;
  const templates = groupByTemplate(lines)
    .slice(0, MAX_TEMPLATES)
    .map((group) => ({
      ...group,
      fresh: newFrom !== null && group.firstAt !== null && group.firstAt >= newFrom,
    }));
  const value: LogsSeen = { service: service.id, level, from, total, truncated, templates };
  const fresh = templates.filter((template) => template.fresh).length;
  return { kind: 'ok', value, text: textOf(value), facts: { service: service.id, level, total, fresh } };
}

/** When "before" ends; null when there was none, because the log starts with what is searched now. */
function endOfBefore(lines: readonly LogLine[], now: number): number | null {
  const times = lines.map(({ at }) => at).filter((at) => at !== null);
  if (times.length === 0) return null;
  const start = times.reduce((earliest, at) => Math.min(earliest, at), now);
  return start >= now ? null : start + Math.max(1, (now - start) * BEFORE_SHARE);
}

function textOf({ service, level, total, truncated, templates }: LogsSeen): string {
  const what = level === 'any' ? 'lines' : `lines of level ${level} or worse`;
  const head = `${service}: ${total}${truncated ? ' or more' : ''} ${what}, ${templates.length} kinds`;
  return joined([head, ...templates.map(lineOf)]);
}

function lineOf({ template, count, firstAt, fresh }: LogsSeen['templates'][number]): string {
  const since = firstAt === null ? '' : `, first ${new Date(firstAt).toISOString()}`;
  return `${count} x ${template} (${fresh ? 'new' : 'seen before'}${since})`;
}
