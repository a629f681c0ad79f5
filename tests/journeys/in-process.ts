import { rulesModel } from '#agents/rules/model.ts';
import { agentSpecs } from '#agents/spec.ts';
import { decide } from '#approvals/decide.ts';
import type { Person } from '#approvals/people.ts';
import { type MemoryLog, openMemoryLog } from '#audit/memory-log.ts';
import { realRandom } from '#core/clock.ts';
import { sha256 } from '#core/hash.ts';
import { PersonId } from '#core/ids.ts';
import type { Alert } from '#incidents/alert.ts';
import type { Incident } from '#incidents/incident.ts';
import type { Mode } from '#incidents/vocabulary.ts';
import type { Model } from '#llm/model.ts';
import { loadPrompts } from '#prompts/load.ts';
import { createFolds, type Folds, foldList } from '#server/folds.ts';
import { type Firebreak, wire } from '#server/wire.ts';
import { FakeClock } from '../fakes/fake-clock.ts';
import { createFakeWorld, type FakeWorld } from '../fakes/fake-world.ts';

export const alice: Person = {
  id: PersonId.parse('alice'),
  name: 'Alice',
  tokenHash: null,
  roles: ['approver', 'responder', 'owner'],
  teams: ['team-shop'],
};

export type InProcess = {
  readonly clock: FakeClock;
  readonly shop: FakeWorld;
  readonly log: MemoryLog;
  readonly folds: Folds;
  readonly firebreak: Firebreak;
  readonly errors: string[];
  page(alert?: Partial<Alert>): Promise<void>;
  clear(alert?: Partial<Alert>): Promise<void>;
  decide(decision: 'approve' | 'deny'): Promise<void>;
  /** Lets time pass in small steps, with deadlines fired, until done. */
  until(done: () => boolean, limitMs?: number): Promise<void>;
  incident(): Incident;
};

/** The whole product without processes or sockets: a log in memory, a simulated shop, time that is moved by hand. */
export async function inProcess(
  options: { mode?: Mode; model?: Model; seed?: number } = {},
): Promise<InProcess> {
  const clock = new FakeClock();
  const shop = createFakeWorld({ clock, seed: options.seed ?? 1, mode: options.mode ?? 'act' });
  const folds = createFolds();
  const log = await openMemoryLog({ clock, random: realRandom, folds: foldList(folds) });
  const errors: string[] = [];
  const firebreak = wire({
    settings: {
      environment: 'demo',
      defaultOwner: 'team-shop',
      inventory: shop.inventory,
      policy: {
        version: sha256('policy'),
        rules: [
          {
            tools: ['service_restart', 'service_rollback', 'service_scale'],
            environments: ['demo'],
            services: ['*'],
            answer: 'ask',
          },
        ],
      },
      people: new Map([[alice.id, alice]]),
      timing: { approvalMs: 15 * 60_000, verify: { samples: 5, everyMs: 1000, windowMs: 60_000 } },
    },
    log,
    folds,
    clock,
    random: realRandom,
    boot: 'boot-1',
    world: shop.world,
    runbooks: [],
    model: options.model ?? rulesModel(shop.inventory),
    specs: agentSpecs(await loadPrompts()),
    flags: () => ({
      off: folds.stops.off,
      frozen: folds.stops.frozen,
      unverified: false,
      clockJumped: false,
      unreadLog: folds.incidents.unknownKinds > 0,
    }),
    onError: (where, message) => errors.push(`${where}: ${message}`),
  });
  const send = async (alert: Alert): Promise<void> => {
    const delivery = {
      source: alert.source,
      via: 'webhook',
      key: sha256(JSON.stringify(alert)),
      alerts: [alert],
      skipped: 0,
      bytes: 1,
      receivedAt: clock.now(),
    } as const;
    await firebreak.deliver(delivery);
  };
  const until = async (done: () => boolean, limitMs = 180_000): Promise<void> => {
    const end = clock.now() + limitMs;
    while (!done() && clock.now() < end) {
      firebreak.tick();
      await clock.advance(200);
    }
    if (!done())
      throw new Error(
        `not reached within ${limitMs} ms: ${JSON.stringify(folds.incidents.current().map(({ state, escalated }) => ({ state, escalated })))} ${errors.join('; ')}`,
      );
  };
  return {
    ...{ clock, shop, log, folds, firebreak, errors, until },
    page: (alert) => send(anAlert(clock, { ...alert, status: 'firing' })),
    clear: (alert) => send(anAlert(clock, { ...alert, status: 'cleared' })),
    decide: async (decision) => {
      const pending = folds.approvals.all().find((one) => one.state === 'pending');
      if (pending === undefined) throw new Error('nothing is pending');
      await decide(firebreak.gate, {
        approval: pending.id,
        hash: pending.hash,
        decision,
        person: alice,
        via: 'api',
        typed: null,
      });
    },
    incident: () => {
      const first = folds.incidents.current()[0];
      if (first === undefined) throw new Error('no incident');
      return first;
    },
  };
}

/** A page as a monitoring system sends it: some seconds after the onset. */
export function anAlert(clock: FakeClock, over: Partial<Alert> = {}): Alert {
  const name = over.name ?? 'HighErrorRate';
  const service = over.service === undefined ? 'checkout' : over.service;
  return {
    source: 'alertmanager',
    status: 'firing',
    fingerprint: sha256(`${name} ${service}`),
    name,
    severity: 'critical',
    service,
    environment: 'demo',
    startsAt: clock.now(),
    summary: 'words of the page',
    ...over,
  };
}
