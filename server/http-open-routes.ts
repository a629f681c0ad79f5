import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { HttpDeps } from './http-api.ts';
import { bytesOf, callerIn, sendError } from './http-reply.ts';
import type { SlackDoor } from './slack-door.ts';

export const SLACK_PATH = '/v1/slack';
/** What anybody can cause, whoever they are. */
const UNPROVEN: ReadonlySet<number> = new Set([401, 404, 413]);

/** Adds what needs no personal token: health, and what senders prove in their own way. */
export function addOpenRoutes(app: FastifyInstance, deps: HttpDeps): void {
  app.get('/healthz', async () => ({ status: 'ok' }));
  app.get('/readyz', async (_request, reply) => {
    const { ready, checks } = deps.ready();
    return reply.status(ready ? 200 : 503).send({ status: ready ? 'ready' : 'not ready', checks });
  });
  addAlertsRoute(app, deps);
  if (deps.slack !== undefined) addSlackRoute(app, deps, deps.slack);
}

function addAlertsRoute(app: FastifyInstance, deps: HttpDeps): void {
  app.post<{ Params: { source: string } }>('/v1/alerts/:source', async (request, reply) => {
    const { authorization } = request.headers;
    const { peer } = callerIn(request, deps.listen);
    const wait = deps.waitOf(peer);
    const answer = await deps.webhook.receive({
      ...{ source: request.params.source, peer, correlation: request.id },
      authorization,
      signature: oneHeader(request, 'x-pagerduty-signature'),
      raw: bytesOf(request.body),
    });
    if (wait !== null && UNPROVEN.has(answer.status)) {
      reply.header('retry-after', String(wait));
      return sendError(reply, 429, 'too many deliveries that could not prove who sends them');
    }
    return reply
      .status(answer.status)
      .send(answer.status < 400 ? answer.body : { ...answer.body, correlation: request.id });
  });
}

/** What Slack posts, if it does: checked as bytes before anything is parsed. */
function addSlackRoute(app: FastifyInstance, deps: HttpDeps, slack: SlackDoor): void {
  app.post(SLACK_PATH, async (request, reply) => {
    const { peer } = callerIn(request, deps.listen);
    const { status, body } = await slack.receive({
      raw: bytesOf(request.body),
      contentType: request.headers['content-type'],
      time: oneHeader(request, 'x-slack-request-timestamp'),
      signature: oneHeader(request, 'x-slack-signature'),
      ...{ peer, correlation: request.id },
    });
    return reply.status(status).send(status === 200 ? body : { ...body, correlation: request.id });
  });
}

function oneHeader(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === 'string' ? value : undefined;
}
