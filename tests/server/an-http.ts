import type { FastifyInstance } from 'fastify';
import { afterEach } from 'vitest';
import type { Person } from '#approvals/people.ts';
import { realRandom } from '#core/clock.ts';
import { sha256 } from '#core/hash.ts';
import { IncidentId, PersonId } from '#core/ids.ts';
import type { Refusal } from '#intake/delivery.ts';
import { createWebhook } from '#intake/webhook.ts';
import { buildHttp } from '#server/http.ts';
import type { Api, ApiAnswer, AuthFailure, HttpDeps } from '#server/http-api.ts';
import { type Listen, LOCAL } from '#server/listen-rules.ts';
import { createMetrics } from '#server/metrics.ts';
import { FakeClock } from '#tests/fakes/fake-clock.ts';

export const alice: Person = {
  id: PersonId.parse('alice'),
  name: 'Alice',
  tokens: [{ hash: sha256('fbk_alice'), expires: null, scopes: null }],
  roles: ['owner'],
  teams: [],
};
export const bob: Person = {
  id: PersonId.parse('bob'),
  name: 'Bob',
  tokens: [],
  roles: ['viewer'],
  teams: [],
};
export const asAlice = { authorization: 'Bearer fbk_alice' };

export const HERE: Listen = { ...LOCAL, host: '127.0.0.1', port: 0 };

const apps: FastifyInstance[] = [];
afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.close()));
});

/** The HTTP server with an API that only tells what it was asked; closed after each test. */
export function setUp(over: Partial<Api> = {}, deps: Partial<HttpDeps> = {}) {
  const calls: unknown[][] = [];
  const failures: AuthFailure[] = [];
  const refusals: Refusal[] = [];
  const errors: unknown[] = [];
  const told: string[] = [];
  const clock = new FakeClock();
  const answer =
    (name: string) =>
    async (...args: unknown[]): Promise<ApiAnswer> => {
      calls.push([name, ...args.slice(1)]);
      return { status: 200, body: { name } };
    };
  const api: Api = {
    status: answer('status'),
    incidents: answer('incidents'),
    incident: answer('incident'),
    picture: answer('picture'),
    say: answer('say'),
    approvals: answer('approvals'),
    approval: answer('approval'),
    decide: answer('decide'),
    afterEnd: answer('afterEnd'),
    stop: answer('stop'),
    maintenance: answer('maintenance'),
    changeMaintenance: answer('changeMaintenance'),
    policy: answer('policy'),
    acceptPolicy: answer('acceptPolicy'),
    logDamage: answer('logDamage'),
    acceptLog: answer('acceptLog'),
    erase: answer('erase'),
    guard: answer('guard'),
    sessions: answer('sessions'),
    sessionExport: answer('sessionExport'),
    entries: async function* () {},
    ...over,
  };
  const webhook = createWebhook({
    sources: [{ id: 'generic', format: 'generic', auth: { kind: 'bearer', tokens: [sha256('sender')] } }],
    clock,
    onAlert: async () => ({ kind: 'accepted', incidents: [IncidentId.parse('INC-1')] }),
    onRefused: async (refusal) => void refusals.push(refusal),
    onIgnored: async () => {},
    isSeen: () => false,
  });
  const app = buildHttp({
    clock,
    random: realRandom,
    listen: HERE,
    people: new Map([alice, bob].map((person) => [person.id, person])),
    webhook,
    api,
    metrics: createMetrics(),
    ready: () => ({ ready: true, checks: { log: 'ok' } }),
    onAuthFailed: async (failure) => void failures.push(failure),
    waitOf: () => null,
    limits: { take: () => ({ kind: 'go', done: () => {} }) },
    onRefused: async (_asker, what, reason) => void told.push(`${what} ${reason}`),
    onError: (error) => void errors.push(error),
    ...deps,
  });
  apps.push(app);
  return { app, api, calls, failures, refusals, errors, told, clock };
}
