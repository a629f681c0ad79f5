import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  fastify,
} from 'fastify';
import { correlationOf, newCorrelation } from '#core/correlation.ts';
import { FirebreakError, messageOf } from '#core/errors.ts';
import { MAX_BODY_BYTES } from '#intake/verify-delivery.ts';
import type { HttpDeps } from './http-api.ts';
import { turnedAway } from './http-guard.ts';
import { securityHeaders } from './http-headers.ts';
import { addOpenRoutes, SLACK_PATH } from './http-open-routes.ts';
import { addPeopleRoutes } from './http-people-routes.ts';
import { callerIn, sendError } from './http-reply.ts';
import { type Listen, listenProblem } from './listen-rules.ts';
import { readTls } from './tls.ts';

/** What is being answered while the server stops has so long. */
const CLOSE_MS = 2_000;

/** A sender has so long for its headers, and for all of it. */
const HEADERS_MS = 10_000;
const REQUEST_MS = 30_000;
/** More than every person, sender and probe together has open. */
const MOST_CONNECTIONS = 500;

/** Builds the HTTP server without listening. Every answer has a correlation id, no error shows a stack. */
export function buildHttp(deps: HttpDeps): FastifyInstance {
  const app = fastify({
    logger: false,
    bodyLimit: MAX_BODY_BYTES,
    requestTimeout: REQUEST_MS,
    exposeHeadRoutes: false,
    routerOptions: { maxParamLength: 300 },
    genReqId: ({ headers }) => correlationOf(headers['x-correlation-id'], deps.random),
    frameworkErrors: (error, request, reply) => answerError(deps, { error, request, reply }),
    clientErrorHandler: (error, socket) => answerUnreadable(deps, error, socket),
    serverFactory: (handler) => createListener(deps.listen, handler),
  });
  // Bodies stay bytes: a signature or token is checked before anything is parsed.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  const isTls = deps.listen.tls !== null;
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(securityHeaders(request.id, isTls));
    const turned = turnedAway(request.raw, callerIn(request, deps.listen), deps.listen);
    if (turned !== undefined) return sendError(reply, turned.status, turned.error);
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
  void app.register(async (scope) => addOpenRoutes(scope, deps));
  void app.register(async (scope) => addPeopleRoutes(scope, deps));
  return app;
}

type Handler = Parameters<typeof createServer>[1];

/** Slow senders and heaps of connections are bounded before anything of a request is known. */
function createListener({ tls }: Listen, handler: Handler) {
  const bounds = {
    headersTimeout: HEADERS_MS,
    requestTimeout: REQUEST_MS,
    connectionsCheckingInterval: 5_000,
    insecureHTTPParser: false,
    // Refused with our own words.
    requireHostHeader: false,
  };
  const server =
    tls === null ? createServer(bounds, handler) : createTlsServer({ ...bounds, ...readTls(tls) }, handler);
  server.maxConnections = MOST_CONNECTIONS;
  // Whatever is expected of us is answered as if it were not, instead of by the platform without a line of ours.
  if (handler !== undefined) server.on('checkExpectation', handler);
  return server;
}

/** What is no HTTP, too long or too slow gets one line too, and the connection ends. */
function answerUnreadable({ random, listen }: HttpDeps, error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const [status, words] = unreadable[error.code ?? ''] ?? ['400 Bad Request', 'the request cannot be read'];
  const correlation = newCorrelation(random);
  const body = JSON.stringify({ error: words, correlation });
  const headers = {
    ...securityHeaders(correlation, listen.tls !== null),
    'content-type': 'application/json; charset=utf-8',
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status}\r\n${lines.join('')}\r\n${body}`);
}

const unreadable: Readonly<Record<string, readonly [string, string]>> = {
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'the headers are too long'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: ['413 Payload Too Large', 'the chunk extensions are too long'],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'the request came too slowly'],
};

type Failure = { error: FastifyError; request: FastifyRequest; reply: FastifyReply };

async function answerError(deps: HttpDeps, { error, request, reply }: Failure): Promise<FastifyReply> {
  // An address that cannot be read comes here past everything else.
  reply.headers(securityHeaders(request.id, deps.listen.tls !== null));
  const status = error.statusCode ?? 500;
  if (status >= 500) {
    deps.onError(error, request.id);
    return sendError(
      reply,
      500,
      'this failed on our side; the correlation id finds it in the server’s output',
    );
  }
  const { peer } = callerIn(request, deps.listen);
  if (status === 413 && deps.slack !== undefined && request.routeOptions.url === SLACK_PATH) {
    const about = { peer, correlation: request.id };
    const { body } = await deps.slack.refuse(about, 'oversized');
    return reply.status(413).send({ ...body, correlation: request.id });
  }
  const source = sourceOf(request);
  if (status === 413 && source !== undefined) {
    const answer = await deps.webhook.refuse({ source, peer, correlation: request.id }, 'oversized');
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
 * Starts to listen and gives the port. Throws `port_taken`, or `config_invalid` for an address that others can reach
 * without what that takes.
 */
export async function listenHttp(app: FastifyInstance, listen: Listen): Promise<number> {
  const { host, port } = listen;
  const problem = listenProblem(listen);
  if (problem !== undefined)
    throw new FirebreakError('config_invalid', `listen.${problem.setting}: ${host} ${problem.message}`);
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
