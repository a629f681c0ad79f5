import { rulesModel } from '#agents/rules/model.ts';
import { agentSpecs } from '#agents/spec.ts';
import { decide } from '#approvals/decide.ts';
import type { Person } from '#approvals/people.ts';
import { createPermitSigner } from '#approvals/permit.ts';
import type { StopFlags } from '#approvals/policy.ts';
import type { Fold } from '#audit/fold.ts';
import type { Entry, Log } from '#audit/log.ts';
import { type MemoryLog, type MemoryLogOptions, openMemoryLog } from '#audit/memory-log.ts';
import { realRandom } from '#core/clock.ts';
import { sha256 } from '#core/hash.ts';
import { PersonId } from '#core/ids.ts';
import type { Alert } from '#incidents/alert.ts';
import type { Incident } from '#incidents/incident.ts';
import type { Mode } from '#incidents/vocabulary.ts';
import type { Delivery } from '#intake/delivery.ts';
import type { Model } from '#llm/model.ts';
import { loadPrompts } from '#prompts/load.ts';
import { inProcessExecutor } from '#server/executor/in-process.ts';
import { createFolds, type Folds, foldList } from '#server/folds.ts';
import { type Firebreak, wire } from '#server/wire.ts';
import { actTools } from '#tools/act/tools.ts';
import type { Pager } from '#tools/drivers/pager.ts';
import type { World } from '#tools/drivers/ports.ts';
import { FakeClock } from '../fakes/fake-clock.ts';
import { createFakeWorld, type FakeWorld } from '../fakes/fake-world.ts';
import { type MortalLog, mortal } from './mortal-log.ts';

export const alice: Person = {
  id: PersonId.parse('alice'),
  name: 'Alice',
  tokens: [],
  roles: ['approver', 'responder', 'owner'],
  teams: ['team-shop'],
};

export type InProcess = {
  readonly clock: FakeClock;
  readonly shop: FakeWorld;
  readonly log: Log;
  readonly folds: Folds;
  readonly firebreak: Firebreak;
  readonly settings: Parameters<typeof wire>[0]['settings'];
  readonly errors: string[];
  /** Set to see what each does: they stand beside what the log says. */
  readonly flags: { -readonly [Flag in keyof StopFlags]?: StopFlags[Flag] };
  page(alert?: Partial<Alert>): Promise<void>;
  clear(alert?: Partial<Alert>): Promise<void>;
  decide(decision: 'approve' | 'deny'): Promise<void>;
  /** Lets time pass in small steps, with deadlines fired, until done. */
  until(done: () => boolean, limitMs?: number): Promise<void>;
  incident(): Incident;
  /** Every entry so far. */
  entries(): Promise<Entry[]>;
  readonly dieAt: MortalLog['dieAt'];
  isDead(): boolean;
  /** Dies if it lives still, and starts again over the same log and the same world; `recover` is left to the test. */
  restart(world?: World): Promise<InProcess>;
};
/** What a model may be made of. */
export type ModelParts = Pick<InProcess, 'clock' | 'log' | 'folds'> & { readonly rules: Model };
type Options = {
  /** Resolves when the log that a start found is verified. */
  verified?: Promise<unknown>;
  mode?: Mode;
  clock?: FakeClock;
  model?: Model | ((parts: ModelParts) => Model);
  seed?: number;
  takesMs?: number;
  /** Another log than one in memory. */
  openLog?: (options: MemoryLogOptions) => Promise<MemoryLog>;
  /** What the paging system is told through; left out = it is told nothing. */
  pager?: Pager;
  /** What people see it through, opened anew for each start. */
  slack?: () => Promise<NonNullable<Parameters<typeof wire>[0]['slack']>>;
  /** Waits for work that is not done by moving time: replies that are on a real wire. */
  settled?: () => Promise<void>;
};

/** The whole product without processes or sockets: a log in memory, a simulated shop, time that is moved by hand. */
export async function inProcess(options: Options = {}): Promise<InProcess> {
  const { clock = new FakeClock(), mode = 'act', seed = 1, takesMs = 0 } = options;
  const shop = createFakeWorld({ clock, seed, mode, takesMs });
  const fed: Ground['fed'] = { folds: [] };
  const relay = {
    name: 'relay',
    version: 1,
    apply: (entry: Entry) => {
      for (const fold of fed.folds) fold.apply(entry);
    },
    save: () => null,
    load: () => {},
    reset: () => {},
  };
  const { openLog = openMemoryLog } = options;
  const log = await openLog({ clock, random: realRandom, folds: [relay] });
  return begin({ options, clock, shop, log, fed, world: shop.world, boot: 1 });
}

/** What outlives a process: time, the world, the log; `fed` are the states that follow the log. */
type Ground = {
  options: Options;
  clock: FakeClock;
  shop: FakeWorld;
  log: MemoryLog;
  fed: { folds: readonly Fold[] };
  world: World;
  boot: number;
};

/** One start: its states are replayed from the log. */
async function begin(ground: Ground): Promise<InProcess> {
  const { clock, shop, log: base, fed, boot } = ground;
  const folds = createFolds();
  for await (const entry of base.read(0)) for (const fold of foldList(folds)) fold.apply(entry);
  fed.folds = foldList(folds);
  const life = mortal(base);
  const errors: string[] = [];
  const flags: InProcess['flags'] = {};
  const signer = createPermitSigner(realRandom);
  const started = `boot-${boot}`;
  const rules = rulesModel(shop.inventory);
  const settings = settingsOf(shop);
  const slack = await ground.options.slack?.();
  const firebreak = wire({
    settings,
    log: life.log,
    folds,
    clock,
    random: realRandom,
    boot: started,
    world: ground.world,
    signer,
    execute: inProcessExecutor({
      tools: actTools,
      world: ground.world,
      inventory: shop.inventory,
      clock,
      boot: started,
      publicKey: signer.publicKey,
    }),
    runbooks: [],
    model: modelOf(ground.options, { clock, log: life.log, folds, rules }),
    specs: agentSpecs(await loadPrompts(), shop.inventory),
    flags: () => ({
      off: folds.stops.off,
      frozen: folds.stops.frozen,
      unverified: false,
      clockJumped: false,
      unreadLog: folds.incidents.unknownKinds > 0,
      tampered: false,
      ...flags,
    }),
    ...(ground.options.pager && { pager: ground.options.pager }),
    ...(slack && { slack }),
    ...(ground.options.verified && { verified: ground.options.verified }),
    onError: (where, message) => errors.push(`${where}: ${message}`),
  });
  const { dieAt, isDead } = life;
  return {
    ...{ clock, shop, log: life.log, folds, firebreak, settings, errors, flags, dieAt, isDead },
    ...handsOf({ clock, folds, firebreak, errors, settled: ground.options.settled ?? (async () => {}) }),
    entries: () => Array.fromAsync(base.read(0)),
    restart: async (world = ground.world) => {
      life.die();
      await clock.advance(0);
      return begin({ ...ground, world, boot: boot + 1 });
    },
  };
}

function modelOf({ model }: Options, parts: ModelParts): Model {
  return typeof model === 'function' ? model(parts) : (model ?? parts.rules);
}

function settingsOf(shop: FakeWorld): Parameters<typeof wire>[0]['settings'] {
  return {
    environment: 'demo',
    defaultOwner: 'team-shop',
    inventory: shop.inventory,
    policy: {
      version: sha256('policy'),
      caps: 'all',
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
    pagerdutyUsers: new Map([['PALICE', alice.id]]),
    limits: { changes: 5 },
    timing: { approvalMs: 15 * 60_000, verify: { samples: 5, everyMs: 1000, windowMs: 60_000 } },
  };
}

type Hands = Pick<InProcess, 'page' | 'clear' | 'decide' | 'until' | 'incident'>;

type HandsDeps = Pick<InProcess, 'clock' | 'folds' | 'firebreak' | 'errors'> & {
  readonly settled: () => Promise<void>;
};

/** What the world and people do to it. */
function handsOf({ clock, folds, firebreak, errors, settled }: HandsDeps): Hands {
  const send = async (alert: Alert): Promise<void> => {
    await firebreak.deliver(aDelivery(clock, [alert]));
  };
  return {
    page: (alert) => send(anAlert(clock, { ...alert, status: 'firing' })),
    clear: (alert) => send(anAlert(clock, { ...alert, status: 'cleared' })),
    decide: async (decision) => {
      const pending = folds.approvals.all().find((one) => one.state === 'pending');
      if (pending === undefined) throw new Error('nothing is pending');
      const { id: approval, hash } = pending;
      await decide(firebreak.gate, { approval, hash, decision, person: alice, via: 'api', typed: null });
    },
    until: async (done, limitMs = 180_000) => {
      const end = clock.now() + limitMs;
      while (!done() && clock.now() < end) {
        firebreak.tick();
        await settled();
        await clock.advance(200);
      }
      if (!done())
        throw new Error(
          `not reached within ${limitMs} ms: ${JSON.stringify(folds.incidents.current().map(({ state, escalated }) => ({ state, escalated })))} ${errors.join('; ')}`,
        );
    },
    incident: () => {
      const first = folds.incidents.current()[0];
      if (first === undefined) throw new Error('no incident');
      return first;
    },
  };
}

export function aDelivery(clock: FakeClock, alerts: readonly Alert[]): Delivery {
  return {
    source: 'alertmanager',
    via: 'webhook',
    key: sha256(JSON.stringify(alerts)),
    alerts,
    skipped: 0,
    bytes: 1,
    receivedAt: clock.now(),
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
