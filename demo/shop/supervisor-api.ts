import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, RequestListener } from 'node:http';
import { type Change, ChangeBody, Chaos, type TargetGroups } from './api-types.ts';
import { urlOf } from './http.ts';
import type { Answer, ManagedService } from './managed-service.ts';
import type { Operation, Operations } from './operations.ts';

export type SupervisorApi = {
  services: ReadonlyMap<string, ManagedService>;
  operations: Operations;
  /** Looks, and tries changes out; the operator's token makes them, too. */
  readerToken: string;
  operatorToken: string;
  chaosToken: string;
  onChaos: (service: ManagedService, chaos: Chaos) => void;
};
type Asked = { method: string; parts: readonly string[]; request: IncomingMessage };

const NOT_FOUND: Answer = { status: 404, body: { error: 'not_found' } };
const FORBIDDEN: Answer = { status: 403, body: { error: 'reader' } };
const BODY_LIMIT = 16_384;

/** Compares a bearer token in constant time, whatever its length. */
function holds(request: IncomingMessage, token: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(request.headers.authorization ?? ''), digest(`Bearer ${token}`));
}

/** The body as JSON, or undefined when it is too long or no JSON. */
async function bodyOf(request: IncomingMessage): Promise<unknown> {
  let text = '';
  request.setEncoding('utf8');
  for await (const chunk of request) {
    text += String(chunk);
    if (text.length > BODY_LIMIT) return undefined;
  }
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The change a path and a body ask for, or the message of the refusal. */
function changeOf(verb: string | undefined, body: unknown): Change | string {
  const schemas = ChangeBody;
  if (verb === 'restart') {
    const parsed = schemas.restart.safeParse(body);
    return parsed.success ? { kind: 'restart', ...parsed.data } : parsed.error.message;
  }
  if (verb === 'deploy') {
    const parsed = schemas.deploy.safeParse(body);
    return parsed.success ? { kind: 'deploy', ...parsed.data } : parsed.error.message;
  }
  const parsed = schemas.scale.safeParse(body);
  return parsed.success ? { kind: 'scale', ...parsed.data } : parsed.error.message;
}

function targetsOf(services: Iterable<ManagedService>): TargetGroups {
  return [...services].flatMap((service) => {
    const { name, instances } = service.view();
    return instances
      .filter(({ port }) => port !== 0)
      .map(({ id, port }) => ({ targets: [`127.0.0.1:${port}`], labels: { service: name, instance: id } }));
  });
}

function viewOf({ id, key, service, kind, state, answer }: Operation): object {
  return { operation: id, idempotencyKey: key, service, kind, state, ...(answer ? { answer } : {}) };
}

function read(api: SupervisorApi, parts: readonly string[]): Answer {
  const [, what, name, more] = parts;
  if (what === 'services' && name === undefined) {
    return { status: 200, body: [...api.services.values()].map((service) => service.view()) };
  }
  if (what === 'targets' && name === undefined)
    return { status: 200, body: targetsOf(api.services.values()) };
  if (what === 'operations' && name !== undefined) {
    const operation = api.operations.find(decodeURIComponent(name));
    return operation ? { status: 200, body: viewOf(operation) } : NOT_FOUND;
  }
  const service = what === 'services' ? api.services.get(name ?? '') : undefined;
  if (service === undefined) return NOT_FOUND;
  if (more === undefined) return { status: 200, body: service.view() };
  return more === 'deployments' ? { status: 200, body: [...service.deployments()] } : NOT_FOUND;
}

async function change(api: SupervisorApi, { parts, request }: Asked): Promise<Answer> {
  const [, what, name, verb, rest] = parts;
  const service = api.services.get(name ?? '');
  const known = verb === 'restart' || verb === 'deploy' || verb === 'scale';
  if (what !== 'services' || service === undefined || !known || rest !== undefined) return NOT_FOUND;
  const asked = changeOf(verb, await bodyOf(request));
  if (typeof asked === 'string') return { status: 400, body: { error: 'invalid', detail: asked } };
  if (!asked.dryRun && !holds(request, api.operatorToken)) return FORBIDDEN;
  return await api.operations.submit(service, asked);
}

async function chaos(api: SupervisorApi, { parts, request }: Asked): Promise<Answer> {
  const service = api.services.get(parts[1] ?? '');
  const parsed = Chaos.safeParse(await bodyOf(request));
  if (service === undefined) return NOT_FOUND;
  if (!parsed.success) return { status: 400, body: { error: 'invalid', detail: parsed.error.message } };
  api.onChaos(service, parsed.data);
  return { status: 200, body: { ok: true } };
}

async function answer(api: SupervisorApi, asked: Asked): Promise<Answer> {
  const { method, parts, request } = asked;
  const first = parts[0];
  const tokens = first === 'chaos' ? [api.chaosToken] : [api.readerToken, api.operatorToken];
  if (!tokens.some((token) => holds(request, token))) return { status: 401, body: { error: 'unauthorised' } };
  if (first === 'chaos' && method === 'POST') return await chaos(api, asked);
  if (first !== 'v1') return NOT_FOUND;
  if (method === 'GET') return read(api, parts);
  return method === 'POST' ? await change(api, asked) : { status: 405, body: { error: 'method' } };
}

/** The supervisor's HTTP interface: bearer token, JSON in and out, loopback only. */
export function supervisorApi(api: SupervisorApi): RequestListener {
  return (request, response) => {
    const parts = urlOf(request.url).pathname.split('/').slice(1);
    void answer(api, { method: request.method ?? 'GET', parts, request }).then(({ status, body }) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
  };
}
