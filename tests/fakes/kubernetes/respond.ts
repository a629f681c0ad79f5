import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Operation, PatchFailed, patched } from './json-patch.ts';
import { isSelected } from './query.ts';
import type { Call, Fault, State, Verb } from './state.ts';
import type { Obj } from './store.ts';
import { watch } from './watch.ts';

const PATH =
  /^\/(?:api\/v1|apis\/[a-z0-9.]+\/v[0-9]+)(?:\/namespaces\/([^/]+))?\/([a-z]+)(?:\/([^/]+))?(\/log)?$/;

export type Http = { request: IncomingMessage; response: ServerResponse; body: string };
type Answer = { status: number; body: object | string };

/** Answers one request, and notes it. */
export function respond(state: State, http: Http): void {
  const { request, response } = http;
  const url = new URL(request.url ?? '/', 'http://localhost');
  const found = PATH.exec(url.pathname);
  const query = url.searchParams;
  const [, namespace, kind = '', name, log] = found ?? [];
  const verb: Verb =
    request.method === 'PATCH' ? 'patch' : query.has('watch') ? 'watch' : name === undefined ? 'list' : 'get';
  const call: Omit<Call, 'status'> = {
    ...{ verb, namespace: namespace ?? null, name: name ?? null, query },
    ...{ resource: log === undefined ? kind : 'pods/log', dryRun: query.get('dryRun') === 'All' },
  };
  const note = (status: number): void => void state.calls.push({ ...call, status });
  const send = ({ status, body }: Answer): void => {
    note(status);
    const content = typeof body === 'string' ? body : JSON.stringify(body);
    response.writeHead(status, { 'content-type': 'application/json' }).end(content);
  };
  if (found === null)
    return send(refusal(404, 'NotFound', 'the server could not find the requested resource'));
  const denied = deniedTo(state, request, call);
  if (denied !== null) return send(denied);
  const fault = takeFault(state, call);
  if (fault !== undefined && isWhole(fault)) return failWith(fault, { send, note, response });
  if (verb === 'watch') {
    note(200);
    return watch(state, { response, collection: kind, namespace, query });
  }
  const answer =
    verb === 'patch'
      ? patch(state, { call, body: http.body, fault })
      : read(state, { call, accept: request.headers.accept ?? '' });
  if (fault?.kind !== 'lost') return send(answer);
  note(0);
  request.socket.destroy();
}

const isWhole = ({ kind }: Fault): boolean =>
  !['lost', 'lies', 'keeps', 'moves', 'touched'].includes(String(kind));

type Sending = { send: (answer: Answer) => void; note: (status: number) => void; response: ServerResponse };

function failWith({ kind }: Fault, { send, note, response }: Sending): void {
  switch (kind) {
    case 429:
      return send(refusal(429, 'TooManyRequests', 'too many requests, please try again later'));
    case 500:
      return send(refusal(500, 'InternalError', 'etcdserver: request timed out'));
    case 'garbage':
      return send({ status: 200, body: '<html>not here</html>' });
    case 'huge':
      return send({ status: 200, body: `{"items":["${'x'.repeat(5 * 1024 * 1024)}"]}` });
    case 'slow':
      return note(0);
    default:
      note(0);
      response.destroy();
  }
}

export function refusal(code: number, reason: string, message: string): Answer {
  return {
    status: code,
    body: { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason, message, code },
  };
}

function deniedTo(
  { tokens }: State,
  { headers }: IncomingMessage,
  call: Omit<Call, 'status'>,
): Answer | null {
  const rights = tokens.get((headers.authorization ?? '').replace('Bearer ', ''));
  if (rights === undefined) return refusal(401, 'Unauthorized', 'Unauthorized');
  const { verb, resource, namespace, dryRun } = call;
  const dry = dryRun ? [`dryrun ${resource}`] : [];
  const may = [`${verb} ${resource}`, `* ${resource}`, '* *', ...dry].some((right) => rights.has(right));
  if (may && !rights.has(`not ${verb} ${resource}`)) return null;
  const where = namespace === null ? 'at the cluster scope' : `in the namespace "${namespace}"`;
  const message = `${resource} is forbidden: User "someone" cannot ${verb} resource "${resource}" ${where}`;
  return refusal(403, 'Forbidden', message);
}

function takeFault({ faults }: State, call: Omit<Call, 'status'>): Fault | undefined {
  const found = faults.find(
    ({ left, verb = call.verb, resource = call.resource, dryRun = call.dryRun }) =>
      left > 0 && verb === call.verb && resource === call.resource && dryRun === call.dryRun,
  );
  if (found !== undefined) found.left -= 1;
  return found;
}

type Reading = { call: Omit<Call, 'status'>; accept: string };

function read(state: State, { call, accept }: Reading): Answer {
  const { store, logs } = state;
  const { verb, resource, namespace, name, query } = call;
  const at = { name: name ?? '', ...(namespace !== null && { namespace }) };
  if (resource === 'pods/log') {
    const previous = query.get('previous') === 'true' ? '/previous' : '';
    const lines = logs.get(`${namespace}/${name}/${query.get('container')}${previous}`);
    if (lines === undefined) return refusal(400, 'BadRequest', `container in pod "${name}" has no log`);
    return {
      status: 200,
      body: lines
        .split('\n')
        .slice(-Number(query.get('tailLines') ?? 1e9))
        .join('\n'),
    };
  }
  if (verb === 'get') {
    const object = store.get(resource, at);
    if (object === undefined) return refusal(404, 'NotFound', `${resource} "${name}" not found`);
    return { status: 200, body: object };
  }
  return listed(state, call, accept.includes('as=PartialObjectMetadataList'));
}

function listed(
  { store, lists }: State,
  { resource, namespace, query }: Omit<Call, 'status'>,
  isPartial: boolean,
): Answer {
  const all = store.list(resource, namespace ?? undefined).filter((object) => isSelected(object, query));
  const [begun = String(lists), from = '0'] = (query.get('continue') ?? '')
    .split(':')
    .filter((one) => one !== '');
  if (query.has('continue') && begun !== String(lists))
    return refusal(410, 'Expired', 'The provided continue parameter is too old');
  const limit = Number(query.get('limit') ?? all.length);
  const items = all.slice(Number(from), Number(from) + limit);
  const next = Number(from) + limit;
  const more = next < all.length ? { continue: `${lists}:${next}` } : {};
  const shown = isPartial ? items.map(({ kind, metadata }) => ({ kind, metadata })) : items;
  return {
    status: 200,
    body: { kind: 'List', metadata: { resourceVersion: store.version(), ...more }, items: shown },
  };
}

type Patching = { call: Omit<Call, 'status'>; body: string; fault: Fault | undefined };

function patch({ store }: State, { call, body, fault }: Patching): Answer {
  const { resource, namespace, name, dryRun } = call;
  const at = { name: name ?? '', ...(namespace !== null && { namespace }) };
  const seen = store.get(resource, at);
  if (seen === undefined) return refusal(404, 'NotFound', `${resource} "${name}" not found`);
  if (fault?.kind === 'moves')
    store.put(resource, { ...seen, status: { ...Object(seen.status), note: store.version() } });
  if (fault?.kind === 'touched')
    store.put(resource, { ...seen, spec: { ...Object(seen.spec), paused: true } });
  const known = store.get(resource, at) ?? seen;
  const operations = JSON.parse(body) as Operation[];
  try {
    const wanted = patched<Obj>(known, operations);
    if (wanted.metadata.uid !== known.metadata.uid)
      return refusal(422, 'Invalid', 'metadata.uid: field is immutable');
    if (wanted.metadata.resourceVersion !== known.metadata.resourceVersion)
      return refusal(
        409,
        'Conflict',
        'the object has been modified; please apply your changes to the latest version',
      );
    if (!dryRun || fault?.kind === 'keeps') return { status: 200, body: store.put(resource, wanted) };
    const isNew = JSON.stringify(wanted.spec) !== JSON.stringify(known.spec);
    const generation = (known.metadata.generation ?? 0) + (isNew ? 1 : 0);
    const shown: Obj = { ...wanted, metadata: { ...wanted.metadata, generation } };
    return {
      status: 200,
      body: fault?.kind === 'lies' ? { ...shown, spec: { ...Object(shown.spec), replicas: 77 } } : shown,
    };
  } catch (error) {
    if (error instanceof PatchFailed) return refusal(422, 'Invalid', error.message);
    throw error;
  }
}
