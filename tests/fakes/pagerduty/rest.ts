import { BOT, type PagerBook, type PagerIncident } from './incidents.ts';

export type Asked = {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: unknown;
};
export type Answered = { readonly status: number; readonly body: unknown };
export type OnCall = { readonly user: string; readonly level: number; readonly schedule: string };

type RestDeps = {
  readonly book: PagerBook;
  readonly token: string;
  readonly routingKey: string;
  readonly onCalls: readonly OnCall[];
  readonly tell: (type: string, incident: PagerIncident, by?: string) => Promise<unknown>;
};

/** Answers as the REST API and the Events API do, refusals included. */
export async function answerRest(deps: RestDeps, asked: Asked): Promise<Answered> {
  const { method, path, headers } = asked;
  if (method === 'POST' && path === '/v2/enqueue') return enqueue(deps, asked);
  if (headers.authorization !== `Token token=${deps.token}`) return refusal(401, 'Unauthorized');
  if (method === 'GET' && path === '/incidents') return list(deps, asked.query);
  if (method === 'GET' && path === '/oncalls') return onCalls(deps, asked.query);
  const [, id = '', notes] = /^\/incidents\/([A-Z0-9]+)(\/notes)?$/.exec(path) ?? [];
  const incident = deps.book.get(id);
  if (incident === undefined) return refusal(404, 'Not Found');
  if (method === 'GET') return { status: 200, body: { incident } };
  if (!/^[^@\s]+@[^@\s]+$/.test(String(headers.from ?? ''))) return refusal(400, 'Requester User Not Found');
  if (method === 'PUT' && notes === undefined) return update(deps, incident, asked.body);
  return method === 'POST' && notes !== undefined ? addNote(incident, asked.body) : refusal(404, 'Not Found');
}

function list({ book }: RestDeps, query: URLSearchParams): Answered {
  const [limit, offset] = [Number(query.get('limit') ?? 25), Number(query.get('offset') ?? 0)];
  if (!(limit >= 1 && limit <= 100) || offset + limit > 10_000) return refusal(400, 'Invalid Input Provided');
  const statuses = query.getAll('statuses[]');
  const since = Date.parse(query.get('since') ?? '');
  const matching = book.all
    .filter((one) => statuses.length === 0 || statuses.includes(one.status))
    .filter((one) => !(query.get('date_range') !== 'all' && Date.parse(one.created_at) < since));
  const incidents = matching.slice(offset, offset + limit);
  return { status: 200, body: { incidents, limit, offset, more: offset + limit < matching.length } };
}

function onCalls({ onCalls: all }: RestDeps, query: URLSearchParams): Answered {
  const schedules = query.getAll('schedule_ids[]');
  const oncalls = all
    .filter((one) => schedules.length === 0 || schedules.includes(one.schedule))
    .map(({ user, level, schedule }) => ({
      user: { id: user, type: 'user_reference', summary: user },
      schedule: { id: schedule, type: 'schedule_reference' },
      escalation_level: level,
      start: null,
      end: null,
    }));
  return { status: 200, body: { oncalls, limit: 100, offset: 0, more: false } };
}

async function update(deps: RestDeps, incident: PagerIncident, body: unknown): Promise<Answered> {
  const change = member(body, 'incident');
  const [status, level] = [member(change, 'status'), member(change, 'escalation_level')];
  if (incident.status === 'resolved') return refusal(400, 'Incident Already Resolved');
  if (typeof level === 'number') {
    incident.escalation_level = level;
    await deps.tell('incident.escalated', incident, BOT);
  }
  if (status === 'acknowledged' || status === 'resolved') {
    deps.book.move(incident.id, status, BOT);
    await deps.tell(`incident.${status}`, incident, BOT);
  }
  return { status: 200, body: { incident } };
}

function addNote(incident: PagerIncident, body: unknown): Answered {
  const content = member(member(body, 'note'), 'content');
  if (typeof content !== 'string' || content === '') return refusal(400, 'Invalid Input Provided');
  incident.notes.push(content);
  return { status: 201, body: { note: { id: `PNOTE${incident.notes.length}`, content } } };
}

async function enqueue({ book, routingKey, tell }: RestDeps, { body }: Asked): Promise<Answered> {
  if (member(body, 'routing_key') !== routingKey) return refusal(400, 'Invalid routing key');
  const [action, payload] = [member(body, 'event_action'), member(body, 'payload')];
  const key = String(member(body, 'dedup_key') ?? '');
  const title = member(payload, 'summary');
  if (action === 'trigger') {
    if (typeof title !== 'string') return refusal(400, 'Event object is invalid');
    const { incident, isNew } = book.trigger({ title, key });
    if (isNew) await tell('incident.triggered', incident);
  } else if (action === 'resolve') {
    const incident = book.open(key);
    if (incident !== undefined && book.move(incident.id, 'resolved', BOT) !== undefined)
      await tell('incident.resolved', incident);
  }
  return { status: 202, body: { status: 'success', message: 'Event processed', dedup_key: key } };
}

function refusal(status: number, message: string): Answered {
  return { status, body: { error: { message, code: 2001, errors: [message] } } };
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && name in value
    ? Object.entries(value).find(([key]) => key === name)?.[1]
    : undefined;
}
