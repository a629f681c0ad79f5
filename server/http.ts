import {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  fastify,
} from 'fastify';
import { FirebreakError, messageOf } from '#core/errors.ts';
import { MAX_BODY_BYTES } from '#intake/verify-delivery.ts';
import type { HttpDeps } from './http-api.ts';
import { bytesOf, peerOf, sendError } from './http-reply.ts';
import { addPeopleRoutes } from './http-routes.ts';
import { isLoopback, isLoopbackHostHeader } from './loopback.ts';
import type { SlackDoor } from './slack-door.ts';

const SLACK_PATH = '/v1/slack';

/** What is being answered while the server stops has so long. */
const CLOSE_MS = 2_000;

/** Builds the HTTP server without listening. Every answer has a correlation id, no error shows a stack. */
export function buildHttp(deps: HttpDeps): FastifyInstance {
  const app = fastify({
    logger: false,
    bodyLimit: MAX_BODY_BYTES,
    requestTimeout: 30_000,
    exposeHeadRoutes: false,
    routerOptions: { maxParamLength: 300 },
    genReqId: () => `c-${deps.random.bytes(4).toString('hex')}`,
    frameworkErrors: (error, request, reply) => answerError(deps, { error, request, reply }),
  });
  // Bodies stay bytes: a signature or token is checked before anything is parsed.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.addHook('onRequest', async (request, reply) => {
    reply.headers({
      'x-correlation-id': request.id,
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
    if (!isLoopbackHostHeader(request.headers.host)) {
      return sendError(reply, 403, 'the Host header must be localhost or a loopback address');
    }
  });
  app.addHook('onResponse', async (request, reply) => {
    deps.metrics.requests.inc({
      route: request.routeOptions.url ?? 'none',
      status: String(reply.statusCode),
    });
  });
  // A connection on which nothing was ever asked counts as busy and would hold up a stop for half a minute.
  app.addHook('preClose', async () => {
    const cancel = deps.clock.after(CLOSE_MS, () => app.server.closeAllConnections());
    app.server.once('close', cancel);
  });
  app.setNotFoundHandler((_request, reply) => sendError(reply, 404, 'there is nothing at this address'));
  app.setErrorHandler((error: FastifyError, request, reply) => answerError(deps, { error, request, reply }));
  addOpenRoutes(app, deps);
  if (deps.slack !== undefined) addSlackRoute(app, deps.slack);
  void app.register(async (scope) => addPeopleRoutes(scope, deps));
  return app;
}

function addOpenRoutes(app: FastifyInstance, deps: HttpDeps): void {
  app.get('/healthz', async () => ({ status: 'ok' }));
  app.get('/readyz', async (_request, reply) => {
    const { ready, checks } = deps.ready();
    return reply.status(ready ? 200 : 503).send({ status: ready ? 'ready' : 'not ready', checks });
  });
  app.post<{ Params: { source: string } }>('/v1/alerts/:source', async (request, reply) => {
    const { authorization } = request.headers;
    const signature = request.headers['x-pagerduty-signature'];
    const answer = await deps.webhook.receive({
      ...senderOf(request),
      authorization,
      signature: typeof signature === 'string' ? signature : undefined,
      raw: bytesOf(request.body),
    });
    return reply
      .status(answer.status)
      .send(answer.status < 400 ? answer.body : { ...answer.body, correlation: request.id });
  });
}

/** What Slack posts, if it does: checked as bytes before anything is parsed. */
function addSlackRoute(app: FastifyInstance, slack: SlackDoor): void {
  app.post(SLACK_PATH, async (request, reply) => {
    const { status, body } = await slack.receive({
      raw: bytesOf(request.body),
      contentType: request.headers['content-type'],
      time: oneHeader(request, 'x-slack-request-timestamp'),
      signature: oneHeader(request, 'x-slack-signature'),
      ...{ peer: peerOf(request), correlation: request.id },
    });
    return reply.status(status).send(status === 200 ? body : { ...body, correlation: request.id });
  });
}

function oneHeader(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === 'string' ? value : undefined;
}

function senderOf(request: FastifyRequest<{ Params: { source: string } }>) {
  return { source: request.params.source, peer: peerOf(request), correlation: request.id };
}

type Failure = { error: FastifyError; request: FastifyRequest; reply: FastifyReply };

async function answerError(deps: HttpDeps, { error, request, reply }: Failure): Promise<FastifyReply> {
  const status = error.statusCode ?? 500;
  if (status >= 500) {
    deps.onError(error, request.id);
    return sendError(
      reply,
      500,
      'this failed on our side; the correlation id finds it in the server’s output',
    );
  }
  if (status === 413 && deps.slack !== undefined && request.routeOptions.url === SLACK_PATH) {
    const about = { peer: peerOf(request), correlation: request.id };
    const { body } = await deps.slack.refuse(about, 'oversized');
    return reply.status(413).send({ ...body, correlation: request.id });
  }
  const source = sourceOf(request);
  if (status === 413 && source !== undefined) {
    const answer = await deps.webhook.refuse(
      { source, peer: peerOf(request), correlation: request.id },
      'oversized',
    );
    return reply.status(answer.status).send({ ...answer.body, correlation: request.id });
  }
  return sendError(
    reply,
    status,
    status === 413 ? `the body is larger than ${MAX_BODY_BYTES} bytes` : 'the request cannot be read',
  );
}

function sourceOf(request: FastifyRequest): string | undefined {
  if (request.routeOptions.url !== '/v1/alerts/:source') return undefined;
  const { params } = request;
  return typeof params === 'object' && params !== null && 'source' in params
    ? String(params.source)
    : undefined;
}

/**
 * Starts to listen on a loopback address and gives the port. Throws `port_taken`, or `config_invalid` for an address that
 * others can reach.
 */
export async function listenHttp(
  app: FastifyInstance,
  { host, port }: { host: string; port: number },
): Promise<number> {
  if (!isLoopback(host)) throw new FirebreakError('config_invalid', `${host} is not a loopback address`);
  try {
    await app.listen({ host, port });
  } catch (error) {
    const taken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
    const message = taken
      ? `port ${port} on ${host} is taken by another program; stop it, or set another listen.port in the config`
      : `cannot listen on ${host} port ${port}: ${messageOf(error)}`;
    throw new FirebreakError('port_taken', message, { cause: error });
  }
  const address = app.server.address();
  if (address === null || typeof address === 'string')
    throw new FirebreakError('bug', 'a listening server has no port');
  return address.port;
}
