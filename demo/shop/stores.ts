import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import { Condition } from './conditions.ts';
import { listen, urlOf } from './http.ts';
import { runProcess, sayLine } from './lines.ts';
import { PRODUCTS, ServiceName } from './plan.ts';

/** Commands on stdin: the condition of one service's surroundings, replacing the one before. */
const Command = z.strictObject({ service: ServiceName, condition: Condition });

const USUAL_MS = 2;
const conditions = new Map<ServiceName, Condition>();
const busy = new Map<ServiceName, number>();
const lines = new Map<ServiceName, (() => void)[]>();

/** 35 % of the records have no extra part: legal data. */
function recordOf(id: number): object {
  const amount = 10 + id;
  return id * 20 < PRODUCTS * 7 ? { id, amount } : { id, amount, extra: { amount: 1 } };
}

function answer(service: ServiceName, id: number, response: ServerResponse): void {
  const now = conditions.get(service) ?? {};
  if (now.keyRefused === true) {
    response.writeHead(401).end('{"error":"key expired"}');
    return;
  }
  const record = now.brokenIds?.includes(id) ? { id, amount: null } : recordOf(id);
  const settings = { fast_rounding: now.fastRounding === true };
  response.end(JSON.stringify({ record, settings, journalMs: now.journalMs ?? 1 }));
}

/** Serves at most `slots.count` at a time while that limit is on; without it everything at once. */
function serve(service: ServiceName, work: () => void): void {
  const limit = conditions.get(service)?.slots;
  if (limit === undefined) {
    setTimeout(work, USUAL_MS);
    return;
  }
  const line = lines.get(service) ?? [];
  lines.set(service, line);
  if ((busy.get(service) ?? 0) >= limit.count) {
    line.push(work);
    return;
  }
  busy.set(service, (busy.get(service) ?? 0) + 1);
  setTimeout(() => {
    busy.set(service, (busy.get(service) ?? 1) - 1);
    work();
    const next = line.shift();
    if (next) serve(service, next);
  }, limit.ms);
}

function handle(request: IncomingMessage, response: ServerResponse): void {
  const url = urlOf(request.url);
  const service = ServiceName.safeParse(url.pathname.slice(1));
  const id = Number(url.searchParams.get('id') ?? '0');
  if (!service.success || !Number.isInteger(id)) {
    response.writeHead(404).end();
    return;
  }
  serve(service.data, () => answer(service.data, id, response));
}

function onCommand(value: unknown): void {
  const { service, condition } = Command.parse(value);
  conditions.set(service, condition);
  if (condition.slots !== undefined) return;
  for (const waiting of lines.get(service)?.splice(0) ?? []) serve(service, waiting);
}

/** The systems the shop rents (identity, payments, stock), in one process that Firebreak cannot look into. */
async function main(): Promise<void> {
  const { port } = await listen(handle);
  sayLine({ port });
}

runProcess({ onSettings: () => void main(), onCommand });
