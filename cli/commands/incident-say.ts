import { z } from 'zod';
import { FirebreakError } from '#core/errors.ts';
import { type IncidentId, ServiceId } from '#core/ids.ts';
import { Cause } from '#incidents/vocabulary.ts';
import { ask, findServer } from '../client.ts';
import type { Common, Context, Outcome } from '../context.ts';
import { incidentIdOf } from './incidents.ts';

export type PlainVerb = 'take' | 'pause' | 'resume';
export type ResolveFlags = Common & { readonly nothingWrong?: boolean };
export type VerdictFlags = Common & {
  readonly right?: boolean;
  readonly wrong?: boolean;
  readonly cause?: string;
  readonly service?: string;
};

const SaidAnswer = z.object({ incident: z.string(), by: z.string(), verb: z.string() });

const DONE: Readonly<Record<PlainVerb, string>> = {
  take: 'is yours: agents stop, and what waited is withdrawn',
  pause: 'is paused: agents stop; a change that was started is watched to its end',
  resume: 'goes on: everything is read anew',
};

/** Says one word about an incident. Throws what the server refuses, in its words. */
export async function sayPlain(
  verb: PlainVerb,
  text: string,
  { options, context }: { options: Common; context: Context },
): Promise<Outcome> {
  const id = incidentIdOf(text);
  return said(id, DONE[verb], await send(id, { verb }, { options, context }));
}

/** Closes an incident on a person's word. */
export async function resolveIncident(
  text: string,
  options: ResolveFlags,
  context: Context,
): Promise<Outcome> {
  const id = incidentIdOf(text);
  const resolution = options.nothingWrong === true ? 'nothing_wrong' : 'by_hand';
  const done = resolution === 'by_hand' ? 'is closed: fixed by hand' : 'is closed: nothing was wrong';
  return said(id, done, await send(id, { verb: 'resolve', resolution }, { options, context }));
}

/** Says whether the named cause was right, and if not, what it was. Throws `usage` for a cause that cannot be named. */
export async function giveVerdict(text: string, options: VerdictFlags, context: Context): Promise<Outcome> {
  const id = incidentIdOf(text);
  const { right = false, wrong = false } = options;
  if (right === wrong) throw new FirebreakError('usage', 'say either --right or --wrong');
  const cause = causeOf(options.cause);
  const service = options.service === undefined ? null : serviceOf(options.service);
  const answer = await send(id, { verb: 'verdict', right, cause, service }, { options, context });
  return said(id, right ? 'keeps that its cause was right' : 'keeps that its cause was wrong', answer);
}

function causeOf(text: string | undefined): Cause | null {
  if (text === undefined) return null;
  const cause = Cause.safeParse(text.trim().toLowerCase().replaceAll(' ', '_'));
  if (cause.success) return cause.data;
  throw new FirebreakError('usage', `--cause must be one of: ${Cause.options.join(', ')}`);
}

function serviceOf(text: string): ServiceId {
  const service = ServiceId.safeParse(text.toLowerCase());
  if (service.success) return service.data;
  throw new FirebreakError('usage', '--service must be a service of the config');
}

type Sent = z.infer<typeof SaidAnswer>;

function send(
  id: IncidentId,
  body: object,
  { options, context }: { options: Common; context: Context },
): Promise<Sent> {
  const server = findServer(options, context);
  return ask(server, { method: 'POST', path: `/v1/incidents/${id}`, body }, SaidAnswer);
}

function said(id: IncidentId, done: string, answer: Sent): Outcome {
  return { lines: [`${id} ${done}`], json: answer };
}
