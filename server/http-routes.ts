import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { parseJson } from '#core/canonical.ts';
import { ApprovalId, IncidentId, SessionKey } from '#core/ids.ts';
import {
  AcceptLogRequest,
  type ApiAnswer,
  type Asker,
  DecisionRequest,
  type HttpDeps,
  PolicyRequest,
  ReleaseRequest,
  StopRequest,
} from './http-api.ts';
import { identifier } from './http-people.ts';
import { bytesOf, peerOf, sendError } from './http-reply.ts';
import { streamEntries } from './http-stream.ts';
import { IncidentRequest } from './incident-request.ts';
import { MaintenanceRequest } from './maintenance-request.ts';

type Answer = (request: FastifyRequest, asker: Asker) => Promise<ApiAnswer | Refused>;
/** A request that does not say what it must. */
type Refused = { readonly refused: 400 | 404; readonly error: string };

/** Adds everything that needs a person's token. The token is checked before the body is read. */
export function addPeopleRoutes(app: FastifyInstance, deps: HttpDeps): void {
  const { api } = deps;
  const identify = identifier(deps.people);
  const askers = new WeakMap<FastifyRequest, Asker>();
  app.addHook('onRequest', async (request, reply) => {
    const person = identify(request.headers.authorization);
    if (person !== undefined) return void askers.set(request, { person, correlation: request.id });
    deps.metrics.authFailures.inc();
    const what = `${request.method} ${request.routeOptions.url ?? ''}`;
    try {
      await deps.onAuthFailed({ what, peer: peerOf(request), correlation: request.id });
    } catch (error) {
      deps.onError(error, request.id);
    }
    return sendError(reply, 401, 'a personal token is needed, and this one is not known');
  });

  const route = (method: 'GET' | 'POST', url: string, answer: Answer): void => {
    app.route({
      method,
      url,
      handler: async (request, reply) => {
        const asker = askers.get(request);
        return asker && send(reply, await answer(request, asker));
      },
    });
  };
  route('GET', '/v1/status', (_, asker) => api.status(asker));
  route('GET', '/v1/incidents', (_, asker) => api.incidents(asker));
  route(
    'GET',
    '/v1/incidents/:id',
    withParam('id', IncidentId, (id, asker) => api.incident(asker, id)),
  );
  route(
    'GET',
    '/v1/incidents/:id/picture',
    withParam('id', IncidentId, (id, asker) => api.picture(asker, id)),
  );
  route('POST', '/v1/incidents/:id', (request, asker) =>
    withParam('id', IncidentId, (id) =>
      withBody(request, IncidentRequest, (body) => api.say(asker, id, body)),
    )(request, asker),
  );
  route(
    'POST',
    '/v1/incidents/:id/erase',
    withParam('id', IncidentId, (id, asker) => api.erase(asker, id)),
  );
  route('GET', '/v1/approvals', (_, asker) => api.approvals(asker));
  route(
    'GET',
    '/v1/approvals/:id',
    withParam('id', ApprovalId, (id, asker) => api.approval(asker, id)),
  );
  route('POST', '/v1/approvals/:id', (request, asker) =>
    withParam('id', ApprovalId, (id) =>
      withBody(request, DecisionRequest, (body) => api.decide(asker, id, body)),
    )(request, asker),
  );
  route('POST', '/v1/approvals/:id/release', (request, asker) =>
    withParam('id', ApprovalId, (id) =>
      withBody(request, ReleaseRequest, ({ effect }) => api.afterEnd(asker, id, { kind: 'release', effect })),
    )(request, asker),
  );
  route(
    'POST',
    '/v1/approvals/:id/again',
    withParam('id', ApprovalId, (id, asker) => api.afterEnd(asker, id, { kind: 'again' })),
  );
  route('POST', '/v1/stop', (request, asker) =>
    withBody(request, StopRequest, (body) => api.stop(asker, body)),
  );
  route('GET', '/v1/policy', (_, asker) => api.policy(asker));
  route('POST', '/v1/policy/accept', (request, asker) =>
    withBody(request, PolicyRequest, (body) => api.acceptPolicy(asker, body)),
  );
  route('GET', '/v1/log/damage', (_, asker) => api.logDamage(asker));
  route('POST', '/v1/log/accept', (request, asker) =>
    withBody(request, AcceptLogRequest, (body) => api.acceptLog(asker, body)),
  );
  route('GET', '/v1/maintenance', (_, asker) => api.maintenance(asker));
  route('POST', '/v1/maintenance', (request, asker) =>
    withBody(request, MaintenanceRequest, (body) => api.changeMaintenance(asker, body)),
  );
  route('GET', '/v1/sessions', (_, asker) => api.sessions(asker));
  route(
    'GET',
    '/v1/sessions/:key/export',
    withParam('key', SessionKey, (key, asker) => api.sessionExport(asker, key)),
  );
  app.get('/metrics', async (_request, reply) => {
    const { registry } = deps.metrics;
    return reply.type(registry.contentType).send(await registry.metrics());
  });
  addEntriesRoute(app, deps, askers);
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
    const stop = new AbortController();
    streams.add(stop);
    reply.hijack();
    const response = reply.raw.on('close', () => stop.abort());
    response.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-correlation-id': request.id,
    });
    response.flushHeaders();
    const entries = deps.api.entries(asker, query.data.after, stop.signal);
    await streamEntries(response, entries, { clock: deps.clock, signal: stop.signal })
      .catch((error: unknown) => deps.onError(error, request.id))
      .finally(() => streams.delete(stop));
  });
}

const Params = z.record(z.string(), z.string());

function withParam<S extends z.ZodType>(
  name: string,
  schema: S,
  answer: (value: z.infer<S>, asker: Asker) => Promise<ApiAnswer | Refused>,
): Answer {
  return async (request, asker) => {
    const value = schema.safeParse(Params.parse(request.params)[name]);
    return value.success ? answer(value.data, asker) : { refused: 404, error: `there is no such ${name}` };
  };
}

async function withBody<T>(
  request: FastifyRequest,
  schema: z.ZodType<T>,
  answer: (body: T) => Promise<ApiAnswer | Refused>,
): Promise<ApiAnswer | Refused> {
  const json = parseJson(Buffer.from(bytesOf(request.body)).toString('utf8'));
  if (json.kind === 'invalid')
    return { refused: 400, error: `the body is not usable JSON: ${json.reason.replaceAll('_', ' ')}` };
  const body = schema.safeParse(json.value);
  if (body.success) return answer(body.data);
  const [issue] = body.error.issues;
  return {
    refused: 400,
    error: `the body is not as expected: ${[...(issue?.path ?? []), issue?.message].join(' ')}`,
  };
}

function send(reply: FastifyReply, answer: ApiAnswer | Refused): FastifyReply {
  if ('refused' in answer) return sendError(reply, answer.refused, answer.error);
  if ('bytes' in answer) return reply.status(answer.status).type(answer.type).send(Buffer.from(answer.bytes));
  if ('text' in answer) return reply.status(answer.status).type(answer.type).send(answer.text);
  const { status, body } = answer;
  return reply.status(status).send(status < 400 ? body : { ...body, correlation: reply.request.id });
}
