import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import { realClock } from '#core/clock.ts';
import { call, listen, urlOf } from './http.ts';
import { runProcess, sayLine } from './lines.ts';
import { type Log, openLog } from './log.ts';
import { createMemory, type Memory } from './memory.ts';
import { createServiceMetrics, type ServiceMetrics } from './metrics.ts';
import { PLAN, Route, ServiceName, type ServicePlan } from './plan.ts';
import { compute, StoreRecord, Version } from './versions.ts';
import { createWorkerPool, type Worker, type WorkerPool } from './worker-pool.ts';

/** First line on stdin. `nextPort` is the stable address of the next service. */
const Settings = z.strictObject({
  service: ServiceName,
  instance: z.string(),
  version: Version,
  logs: z.string(),
  storePort: z.number().int(),
  nextPort: z.number().int().nullable(),
  memoryLimitBytes: z.number().int(),
});
/** Later lines: what a bug would do to a real process. */
const Command = z.strictObject({ do: z.enum(['retain', 'jam']) });

const StoreAnswer = z.object({
  record: z.unknown(),
  settings: z.object({ fast_rounding: z.boolean() }),
  journalMs: z.number(),
});
type Instance = z.infer<typeof Settings> & {
  plan: ServicePlan;
  pool: WorkerPool;
  memory: Memory;
  metrics: ServiceMetrics;
  log: Log;
  fastRounding: boolean;
};
/** How a request ended; `why` is logged unless the answer is 200. */
type Outcome = { code: number; why: string };
const OK: Outcome = { code: 200, why: 'ok' };
const INFO_EVERY_MS = 5000;

async function pause(ms: number): Promise<void> {
  await realClock.sleep(ms);
}

/** The part that needs a worker: memory, the store, the business of this version. */
async function work(me: Instance, id: number): Promise<Outcome & { journalMs: number }> {
  const done = (code: number, why: string, journalMs = 0) => ({ code, why, journalMs });
  if (me.memory.pressed()) {
    await pause(60);
    if (id % 2 === 0) return done(503, 'memory limit');
  }
  await pause(me.plan.answerMs);
  const path = `/${me.service}?id=${id}`;
  const reply = await call({ port: me.storePort, path, timeoutMs: me.plan.timeoutMs });
  me.metrics.upstream(me.plan.store, reply.kind === 'answer' ? String(reply.code) : reply.kind);
  if (reply.kind !== 'answer') return done(502, `${me.plan.store} ${reply.kind}`);
  if (reply.code !== 200) return done(502, `${me.plan.store} answered ${reply.code}`);
  const answer = StoreAnswer.parse(JSON.parse(reply.body));
  noteSettings(me, answer.settings.fast_rounding);
  const record = StoreRecord.safeParse(answer.record);
  if (!record.success) return done(500, `${me.plan.store} record ${id}: amount is not a number`);
  if (me.fastRounding && id % 5 < 2) return done(500, `fast_rounding: no table for amount of record ${id}`);
  try {
    compute(me.version, me.service, record.data);
    return done(200, 'ok', answer.journalMs);
  } catch (error) {
    return done(500, String(error));
  }
}

function noteSettings(me: Instance, fastRounding: boolean): void {
  if (me.fastRounding === fastRounding) return;
  me.fastRounding = fastRounding;
  me.log('info', 'settings read', { fast_rounding: String(fastRounding) });
}

/** Takes a worker, works, and gives the worker back when its hold time is over. */
async function inWorker(me: Instance, id: number, signal: AbortSignal): Promise<Outcome> {
  const worker = await me.pool.take(signal);
  if (worker === 'queue full') return { code: 503, why: 'queue full' };
  if (worker === 'given up') return { code: 504, why: 'no worker in time' };
  if (me.pool.jammed()) return await new Promise<Outcome>(() => {});
  const taken = realClock.mono();
  const outcome = await work(me, id);
  giveBack(worker, me.plan.holdMs - (realClock.mono() - taken));
  if (outcome.journalMs >= 20) {
    me.log('warn', 'journal write was slow', { ms: outcome.journalMs });
    await pause(outcome.journalMs);
  }
  return outcome;
}

function giveBack(worker: Worker, afterMs: number): void {
  if (afterMs <= 0) worker.release();
  else setTimeout(() => worker.release(), afterMs);
}

async function passOn(me: Instance, route: Route, id: number): Promise<Outcome> {
  const next = me.plan.next;
  if (next === null || me.nextPort === null || !next.routes.includes(route)) return OK;
  const reply = await call({
    port: me.nextPort,
    path: `/${route}?product=${id}`,
    timeoutMs: me.plan.timeoutMs,
  });
  me.metrics.upstream(next.service, reply.kind === 'answer' ? String(reply.code) : reply.kind);
  if (reply.kind === 'timeout') return { code: 504, why: `${next.service} timeout` };
  if (reply.kind === 'refused') return { code: 502, why: `${next.service} refused` };
  return reply.code === 200 ? OK : { code: 502, why: `${next.service} answered ${reply.code}` };
}

async function serve(me: Instance, route: Route, id: number): Promise<Outcome> {
  const controller = new AbortController();
  const deadline = Promise.withResolvers<Outcome>();
  const timer = setTimeout(() => {
    controller.abort();
    deadline.resolve({ code: 504, why: 'no answer in time' });
  }, me.plan.timeoutMs);
  const own = async (): Promise<Outcome> => {
    const outcome = await inWorker(me, id, controller.signal);
    return outcome.code === 200 ? await passOn(me, route, id) : outcome;
  };
  const outcome = await Promise.race([own(), deadline.promise]);
  clearTimeout(timer);
  return outcome;
}

async function answer(me: Instance, url: URL, response: ServerResponse): Promise<void> {
  const route = Route.safeParse(url.pathname.slice(1));
  const id = Number(url.searchParams.get('product') ?? '0');
  if (!route.success || !Number.isInteger(id)) {
    response.writeHead(404).end();
    return;
  }
  const started = realClock.mono();
  const outcome = await serve(me, route.data, id);
  const ms = realClock.mono() - started;
  me.metrics.request(outcome.code, ms / 1000);
  if (outcome.code !== 200) {
    me.log('error', outcome.why, { code: outcome.code, route: route.data, ms: Math.round(ms) });
  }
  response
    .writeHead(outcome.code)
    .end(JSON.stringify({ [outcome.code === 200 ? 'ok' : 'error']: outcome.why }));
}

function renderMetrics(me: Instance): string {
  return me.metrics.render({
    inFlight: me.pool.busy(),
    poolSize: me.plan.workers,
    residentBytes: process.memoryUsage.rss(),
    limitBytes: me.memoryLimitBytes,
    startSeconds: realClock.now() / 1000 - process.uptime(),
    version: me.version,
  });
}

function handle(me: Instance, request: IncomingMessage, response: ServerResponse): void {
  const url = urlOf(request.url);
  if (url.pathname === '/healthz') response.end('ok');
  else if (url.pathname === '/metrics') {
    response.setHeader('content-type', 'text/plain; version=0.0.4').end(renderMetrics(me));
  } else void answer(me, url, response);
}

async function start(settings: z.infer<typeof Settings>): Promise<Instance> {
  const { service, instance, version, logs, memoryLimitBytes } = settings;
  const plan = PLAN[service];
  const me: Instance = {
    ...settings,
    plan,
    pool: createWorkerPool(plan.workers, plan.queue),
    memory: createMemory(memoryLimitBytes),
    metrics: createServiceMetrics(plan.next ? [plan.store, plan.next.service] : [plan.store]),
    log: openLog(logs, { service, instance, version }),
    fastRounding: false,
  };
  const { server, port } = await listen((request, response) => handle(me, request, response));
  me.log('info', 'listening', { port });
  setInterval(() => {
    me.log('info', 'alive', { busy: me.pool.busy(), waiting: me.pool.waiting() });
  }, INFO_EVERY_MS);
  process.on('SIGTERM', () => {
    server.close(() => process.exit(0));
    server.closeIdleConnections();
    setTimeout(() => process.exit(0), 400);
  });
  sayLine({ port });
  return me;
}

let instance: Promise<Instance> | undefined;

async function obey(value: unknown): Promise<void> {
  const command = Command.parse(value);
  const me = await instance;
  if (command.do === 'jam') me?.pool.jam();
  else me?.memory.retain();
}

runProcess({
  onSettings: (value) => {
    instance = start(Settings.parse(value));
  },
  onCommand: (value) => void obey(value),
});
