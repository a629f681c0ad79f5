import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { may, type Person } from '#approvals/people.ts';
import { type Right, rightsOf, roles } from '#approvals/rights.ts';
import { type Clean, cleanMembers, cleanValue } from '#core/clean.ts';
import { redact } from '#core/redact.ts';
import type { ApiAnswer, Asker, HttpDeps } from './http-api.ts';
import { securityHeaders } from './http-headers.ts';
import type { Tier } from './http-limits.ts';
import { identifier } from './http-people.ts';
import { callerIn, sendError } from './http-reply.ts';
import { peopleRoutes } from './http-routes.ts';
import { streamEntries } from './http-stream.ts';

/** Adds everything that needs a person's token. The token is checked before the body is read. */
export function addPeopleRoutes(app: FastifyInstance, deps: HttpDeps): void {
  const identify = identifier(deps.people, () => deps.clock.now());
  const askers = new WeakMap<FastifyRequest, Asker>();
  app.addHook('onRequest', async (request, reply) => {
    const identity = identify(request.headers.authorization);
    if (identity.kind !== 'known') return unknown(deps, { request, reply }, identity);
    askers.set(request, { person: identity.person, correlation: request.id });
  });
  for (const { method, url, read } of peopleRoutes(deps.api))
    app.route({
      method,
      url,
      handler: async (request, reply) => {
        const asker = askers.get(request);
        if (asker === undefined) return sendError(reply, 401, 'a personal token is needed');
        const wish = read(request);
        if ('kind' in wish) return sendError(reply, wish.status, wish.error);
        return admitted(deps, { request, reply, asker, ...wish }, async () =>
          send(reply, await wish.run(asker), deps.clean),
        );
      },
    });
  app.get('/metrics', async (request, reply) => {
    const asker = askers.get(request);
    if (asker === undefined) return sendError(reply, 401, 'a personal token is needed');
    return admitted(deps, { request, reply, asker, right: 'read', tier: 'read' }, async () => {
      const { registry } = deps.metrics;
      return reply.type(registry.contentType).send(await registry.metrics());
    });
  });
  addEntriesRoute(app, deps, askers);
}

type Asked = { readonly request: FastifyRequest; readonly reply: FastifyReply };

/** Nobody whom the config knows: recorded, and told no more than that; who holds a token that ended is told so. */
async function unknown(
  deps: HttpDeps,
  { request, reply }: Asked,
  identity: { kind: 'unknown' } | { kind: 'expired'; person: string; at: number },
): Promise<FastifyReply> {
  deps.metrics.authFailures.inc();
  const { peer } = callerIn(request, deps.listen);
  const wait = deps.waitOf(peer);
  const ended = identity.kind === 'expired' ? ` with a token of ${identity.person} that ended` : '';
  const what = `${request.method} ${request.routeOptions.url ?? ''}${ended}`;
  try {
    await deps.onAuthFailed({ what, peer, correlation: request.id });
  } catch (error) {
    deps.onError(error, request.id);
  }
  if (wait !== null)
    return tooOften(reply, wait, 'too many requests without a known token from this machine');
  if (identity.kind === 'unknown')
    return sendError(reply, 401, 'a personal token is needed, and this one is not known');
  const day = new Date(identity.at).toISOString().slice(0, 16).replace('T', ' ');
  return sendError(reply, 401, `this token ended at ${day} UTC; firebreak token new makes another one`);
}

type Wanted = Asked & {
  readonly asker: Asker;
  readonly right: Right;
  readonly tier: Tier;
  readonly isJudgedThere?: boolean;
};

/** Lets a person's request through that their roles and their token give a right to, and that is not one too many. */
async function admitted(
  deps: HttpDeps,
  { request, reply, asker, right, tier, isJudgedThere = false }: Wanted,
  answer: () => Promise<FastifyReply>,
): Promise<FastifyReply> {
  const { person } = asker;
  const isOfToken = (person.scopes ?? [right]).includes(right);
  const isAllowed = isOfToken && (isJudgedThere || may(person, right));
  // A no is written down, so it counts too.
  const taken = deps.limits.take(person.id, isAllowed ? tier : 'note', callerIn(request, deps.listen).peer);
  if (taken.kind === 'wait') {
    if (taken.isFirst) await deps.onRefused(asker, 'too_often', tier);
    return tooOften(reply, taken.seconds, taken.line);
  }
  try {
    if (isAllowed) return await answer();
    await deps.onRefused(asker, 'use_right', isOfToken ? 'not_allowed' : 'not_of_this_token');
    return sendError(reply, 403, isOfToken ? roleWords(person, right) : scopeWords(person, right));
  } finally {
    taken.done();
  }
}

function scopeWords({ scopes = [] }: Person, right: Right): string {
  return `this token is for ${scopes.join(', ')} only; that takes one for ${right}`;
}

function roleWords({ id }: Person, right: Right): string {
  const able = roles.filter((role) => rightsOf[role].includes(right));
  return right === 'own'
    ? 'only an owner may do that'
    : `${id} may not do that: it takes ${able.join(' or ')}`;
}

function tooOften(reply: FastifyReply, seconds: number, line: string): FastifyReply {
  return sendError(reply.header('retry-after', String(seconds)), 429, line);
}

const EntriesQuery = z.object({ after: z.coerce.number().int().min(-1).default(-1) });

/** `GET /v1/entries?after=N`: also understands `Last-Event-ID`, so that a browser or `curl` goes on where it stopped. */
function addEntriesRoute(app: FastifyInstance, deps: HttpDeps, askers: WeakMap<FastifyRequest, Asker>): void {
  const streams = new Set<AbortController>();
  app.addHook('preClose', async () => {
    for (const stream of streams) stream.abort();
  });
  app.get('/v1/entries', async (request, reply) => {
    const asker = askers.get(request);
    const last = request.headers['last-event-id'];
    const query = EntriesQuery.safeParse(last === undefined ? request.query : { after: last });
    if (asker === undefined || !query.success)
      return sendError(reply, 400, 'after must be the number of an entry, or -1');
    const { after } = query.data;
    return admitted(deps, { request, reply, asker, right: 'read', tier: 'read' }, async () => {
      const stop = new AbortController();
      streams.add(stop);
      reply.hijack();
      const response = reply.raw.on('close', () => stop.abort());
      response.writeHead(200, {
        ...securityHeaders(request.id, deps.listen.tls !== null),
        'content-type': 'text/event-stream',
      });
      response.flushHeaders();
      const entries = deps.api.entries(asker, after, stop.signal);
      await streamEntries(response, entries, {
        ...{ clock: deps.clock, signal: stop.signal, clean: deps.clean ?? redact },
      })
        .catch((error: unknown) => deps.onError(error, request.id))
        .finally(() => streams.delete(stop));
      return reply;
    });
  });
}

/** A copy for people: what an alert or somebody wrote may hold a secret, which the log keeps as it came. */
function send(reply: FastifyReply, answer: ApiAnswer, clean: Clean = redact): FastifyReply {
  if ('bytes' in answer) return reply.status(answer.status).type(answer.type).send(Buffer.from(answer.bytes));
  if ('text' in answer) return reply.status(answer.status).type(answer.type).send(answer.text);
  const { status } = answer;
  if (status < 400) return reply.status(status).send(cleanValue(answer.body, clean));
  return reply.status(status).send({ ...cleanMembers(answer.body, clean), correlation: reply.request.id });
}
