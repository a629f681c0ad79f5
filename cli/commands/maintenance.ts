import { z } from 'zod';
import { FirebreakError } from '#core/errors.ts';
import { untilOf } from '#incidents/until.ts';
import { type MaintenanceView, renderMaintenance } from '#views/maintenance.ts';
import { instant } from '#views/time.ts';
import { ask, findServer } from '../client.ts';
import type { Common, Context, Outcome } from '../context.ts';

const ListAnswer = z.object({
  windows: z.array(
    z.object({
      id: z.string(),
      service: z.string(),
      state: z.enum(['open', 'over', 'weekly']),
      until: z.int().nullable(),
      begins: z.string().nullable(),
      reason: z.string(),
      by: z.string().nullable(),
      pages: z.int(),
    }),
  ),
  silences: z.array(z.object({ id: z.string(), what: z.string(), until: z.int(), pages: z.int() })),
  held: z.int(),
}) satisfies z.ZodType<MaintenanceView>;
const WindowAnswer = z.object({ id: z.string(), service: z.string(), until: z.int() });

export type AddOptions = Common & { readonly until: string; readonly reason: string };

/** Leaves pages of a service alone for a while. Throws `usage` for a time that cannot be read. */
export async function addMaintenance(
  service: string,
  options: AddOptions,
  context: Context,
): Promise<Outcome> {
  const { clock, zone } = context;
  const until = untilOf(options.until, { now: clock.now(), zone });
  if (until === undefined)
    throw new FirebreakError(
      'usage',
      '--until must be like 90m, 2h, 3d, 18:30 or 2026-01-31T18:00+01:00, and not past',
    );
  const body = { add: { service, until, reason: options.reason } };
  const server = findServer(options, context);
  const window = await ask(server, { method: 'POST', path: '/v1/maintenance', body }, WindowAnswer);
  const lines = [
    `${window.id}: pages of ${window.service} are recorded and left alone until ${instant(window.until, zone)}`,
    `one that still fires then opens an incident; end it earlier: firebreak maintenance end ${window.id}`,
  ];
  return { lines, json: window };
}

/** What is left alone, until when, and how many pages that concerned. */
export async function listMaintenance(options: Common, context: Context): Promise<Outcome> {
  const view = await ask(
    findServer(options, context),
    { method: 'GET', path: '/v1/maintenance' },
    ListAnswer,
  );
  return { lines: renderMaintenance(view, context.zone), json: view };
}

/** Lets pages count again before the time is up. */
export async function endMaintenance(id: string, options: Common, context: Context): Promise<Outcome> {
  const server = findServer(options, context);
  const window = await ask(
    server,
    { method: 'POST', path: '/v1/maintenance', body: { end: id } },
    WindowAnswer,
  );
  return { lines: [`${window.id} is over: pages of ${window.service} count again`], json: window };
}
