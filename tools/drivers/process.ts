import { z } from 'zod';
import type { Clock } from '#core/clock.ts';
import { wayTo } from '#core/egress.ts';
import { unreachable } from '#core/errors.ts';
import { readJson } from '#core/foreign-json.ts';
import type { Service } from '#incidents/inventory.ts';
import { deployOf } from '#incidents/refs.ts';
import { askHttp, gapOf, gapOfStatus, type HttpAnswer, type NoAnswer, shortForeign } from './http-text.ts';
import type { ChangeOrder, ChangeOutcome, Deployment, Gap, Seen, Workload, WorkloadDriver } from './ports.ts';
import {
  WireDeployments,
  WireDone,
  WireOperation,
  WirePreview,
  WireRefusal,
  WireService,
} from './process-wire.ts';

type Order = ChangeOrder['change'];
type Call = { verb: 'restart' } | { verb: 'deploy'; version: string } | { verb: 'scale'; replicas: number };
export type ProcessSettings = {
  /** `http://127.0.0.1:7070` */
  readonly url: string;
  readonly token: () => string;
  readonly readTimeoutMs?: number;
  readonly changeTimeoutMs?: number;
};

/**
 * Drives a process supervisor over its loopback interface. Nothing throws; a change whose answer was lost is `unknown`
 * and can be asked about by its key, one that was never sent is `refused`.
 */
export function createProcessDriver(settings: ProcessSettings, clock: Clock): WorkloadDriver {
  const api = createApi(settings, clock);
  return {
    describe: (service, signal) => describe(api, service, signal),
    deployments: (service, signal) => api.read('/deployments', WireDeployments, { service, signal }),
    dryRun: (service, change, signal) => dryRun(api, { service, change, signal }),
    apply: (service, order, signal) => apply(api, { service, order, signal }),
    settle: (service, key, signal) => settle(api, { service, key, signal }),
    manual: (service, change) => manual(settings.url, service, change),
  };
}

type Api = ReturnType<typeof createApi>;
type At = { service: Service; signal: AbortSignal };
const pathOf = (service: Service): string =>
  `/v1/services/${encodeURIComponent(service.workload?.name ?? service.id)}`;

function createApi(settings: ProcessSettings, clock: Clock) {
  const { url, token, readTimeoutMs = 5000, changeTimeoutMs = 60_000 } = settings;
  const base = url.replace(/\/$/, '');
  const send = wayTo(url);
  return {
    get: (path: string, signal: AbortSignal) =>
      askHttp({ url: base + path, token, timeoutMs: readTimeoutMs, send }, clock, signal),
    post: (path: string, body: object, signal: AbortSignal) =>
      askHttp(
        { url: base + path, method: 'POST', body, token, timeoutMs: changeTimeoutMs, send },
        clock,
        signal,
      ),
    async read<T>(path: string, schema: z.ZodType<T>, { service, signal }: At): Promise<Seen<T>> {
      return parsed(await this.get(pathOf(service) + path, signal), schema);
    },
  };
}

function parsed<T>(answer: HttpAnswer | NoAnswer, schema: z.ZodType<T>): Seen<T> {
  if (answer.kind === 'no_answer') return gapOf(answer);
  if (answer.status === 404)
    return { kind: 'gap', reason: 'no_data', detail: 'the supervisor does not know this service' };
  if (answer.status !== 200) return gapOfStatus(answer);
  const result = schema.safeParse(readJson(answer.text));
  if (result.success) return { kind: 'seen', value: result.data };
  return badAnswer(z.prettifyError(result.error));
}

function badAnswer(detail: string): Gap {
  return { kind: 'gap', reason: 'bad_answer', detail: shortForeign(detail) };
}

async function describe(api: Api, service: Service, signal: AbortSignal): Promise<Seen<Workload>> {
  const seen = await api.read('', WireService, { service, signal });
  if (seen.kind === 'gap') return seen;
  const instances = seen.value.instances.map(({ id, state, version, startedAt, exitCode }) => ({
    id,
    state,
    version,
    startedAt: startedAt ?? null,
    exitCode: exitCode ?? null,
  }));
  return { kind: 'seen', value: { ...seen.value, instances } };
}

/** The supervisor's call for a change; a reference to a deployment is looked up in the history as it is now. */
async function callOf(api: Api, change: Order, at: At): Promise<Seen<Call>> {
  switch (change.tool) {
    case 'service_restart':
      return { kind: 'seen', value: { verb: 'restart' } };
    case 'service_scale':
      return { kind: 'seen', value: { verb: 'scale', replicas: change.replicas } };
    case 'service_rollback': {
      if ('version' in change) return { kind: 'seen', value: { verb: 'deploy', version: change.version } };
      const seen: Seen<readonly Deployment[]> = await api.read('/deployments', WireDeployments, at);
      if (seen.kind === 'gap') return seen;
      const version = seen.value[deployOf(change.to).back]?.version;
      if (version !== undefined) return { kind: 'seen', value: { verb: 'deploy', version } };
      return { kind: 'gap', reason: 'no_data', detail: `${change.to} is not in the history` };
    }
    default:
      return unreachable(change);
  }
}

function bodyOf(
  call: Call,
  { key, expectGeneration }: Pick<ChangeOrder, 'key' | 'expectGeneration'>,
): object {
  const { verb: _, ...args } = call;
  return { ...args, idempotencyKey: key, expectGeneration, by: 'firebreak' };
}

async function dryRun(
  api: Api,
  { service, change, signal }: At & { change: Order },
): ReturnType<WorkloadDriver['dryRun']> {
  const call = await callOf(api, change, { service, signal });
  if (call.kind === 'gap') return call;
  const now = await describe(api, service, signal);
  if (now.kind === 'gap') return now;
  const { uid, generation, instances } = now.value;
  const body = { ...bodyOf(call.value, { key: 'dry-run', expectGeneration: generation }), dryRun: true };
  const path = `${pathOf(service)}/${call.value.verb}`;
  const seen = parsed(await api.post(path, body, signal), WirePreview);
  if (seen.kind === 'gap') return seen;
  if (seen.value.generation !== generation) return badAnswer('the service changed while it was looked at');
  const { before, after } = seen.value;
  const replaced = Math.max(instances.length, after.replicas);
  const touched = call.value.verb === 'scale' ? Math.abs(after.replicas - before.replicas) : replaced;
  return { kind: 'seen', value: { preview: { before, after, instances: touched }, uid, generation } };
}

async function apply(
  api: Api,
  { service, order, signal }: At & { order: ChangeOrder },
): Promise<ChangeOutcome> {
  const call = await callOf(api, order.change, { service, signal });
  if (call.kind === 'gap') return { kind: 'refused', reason: 'not_found', detail: call.detail };
  const body = bodyOf(call.value, order);
  const answer = await api.post(`${pathOf(service)}/${call.value.verb}`, body, signal);
  if (answer.kind === 'no_answer') {
    if (answer.sent) return { kind: 'unknown', detail: answer.detail };
    return { kind: 'refused', reason: 'not_found', detail: `nothing was sent: ${answer.detail}` };
  }
  return outcomeOf(answer);
}

/** Only a 4xx says for certain that nothing was done. */
function outcomeOf(answer: HttpAnswer): ChangeOutcome {
  const detail = gapOfStatus(answer).detail;
  if (answer.status === 200) {
    const done = WireDone.safeParse(readJson(answer.text));
    if (!done.success) return { kind: 'unknown', detail: 'the answer cannot be read' };
    return { kind: 'done', generation: done.data.generation, tookMs: Math.round(done.data.took) };
  }
  if (answer.status < 400 || answer.status > 499 || answer.status === 408) return { kind: 'unknown', detail };
  if (answer.status === 401 || answer.status === 403)
    return { kind: 'refused', reason: 'unauthorised', detail };
  if (answer.status === 404) return { kind: 'refused', reason: 'not_found', detail };
  const refusal = WireRefusal.safeParse(readJson(answer.text)).data?.error;
  // The key was used before, so the change may well have happened then; the key can be asked about.
  if (refusal === 'key_reused') return { kind: 'unknown', detail };
  const stale = answer.status === 409 && refusal === 'generation';
  return { kind: 'refused', reason: stale ? 'generation' : 'invalid', detail };
}

async function settle(api: Api, { key, signal }: At & { key: string }): ReturnType<WorkloadDriver['settle']> {
  const answer = await api.get(`/v1/operations/${encodeURIComponent(key)}`, signal);
  if (answer.kind === 'no_answer') return 'unknown';
  if (answer.status === 404) return 'did_not_happen';
  const operation = WireOperation.safeParse(readJson(answer.text));
  if (answer.status !== 200 || !operation.success) return 'unknown';
  switch (operation.data.state) {
    case 'done':
    case 'succeeded':
      return 'happened';
    case 'refused':
      return 'did_not_happen';
    case 'failed':
    case 'running':
      return 'unknown';
    default:
      return unreachable(operation.data.state);
  }
}

/** As a person would send it with any HTTP client; the key must be a new one each time. */
function manual(url: string, service: Service, change: Order): string {
  const path = `${url.replace(/\/$/, '')}${pathOf(service)}`;
  const body = (args: object): string => JSON.stringify({ ...args, idempotencyKey: '<new>' });
  switch (change.tool) {
    case 'service_restart':
      return `POST ${path}/restart ${body({})}`;
    case 'service_scale':
      return `POST ${path}/scale ${body({ replicas: change.replicas })}`;
    case 'service_rollback': {
      const version = 'version' in change ? change.version : `<version of ${change.to}>`;
      return `POST ${path}/deploy ${body({ version })}`;
    }
    default:
      return unreachable(change);
  }
}
