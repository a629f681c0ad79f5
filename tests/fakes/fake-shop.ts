import type { SignalName } from '#incidents/vocabulary.ts';
import { type Noise, seededNoise } from './seeded-noise.ts';

/** Names of the three services, in the order in which a purchase passes through them. */
export const shopServices = ['gateway', 'checkout', 'inventory'] as const;
export type ShopService = (typeof shopServices)[number];

export type Fault =
  | 'none'
  | 'bad-deploy'
  | 'memory-leak'
  | 'stuck-pool'
  | 'dead-dependency'
  | 'overload'
  | 'wrong-fix' // looks like overload, but the limit is shared: more replicas do not help
  | 'unknown-bad-record'
  | 'unknown-expired-credential'
  | 'unknown-slow-disk';

export type ShopInstance = {
  readonly id: string;
  state: 'running' | 'exited';
  readonly version: string;
  readonly startedAt: number;
};
export type ShopLine = {
  readonly at: number;
  readonly level: 'info' | 'warn' | 'error';
  readonly message: string;
};
export type ShopSample = {
  readonly t: number;
  readonly signals: Readonly<Record<SignalName, number | null>>;
};

/** One simulated service: what it is, what ails it, and what was measured of it. */
export type ShopState = {
  readonly id: ShopService;
  readonly uid: string;
  readonly next: { readonly service: ShopService; readonly share: number } | null;
  readonly baseMs: number;
  generation: number;
  replicas: number;
  perReplica: number; // requests per second that one instance carries
  sharedLimit: number | null;
  memory: number;
  leaking: boolean;
  stuck: boolean;
  ailment: Fault & ('unknown-bad-record' | 'unknown-expired-credential' | 'unknown-slow-disk' | 'none');
  arrival: number;
  ownFail: number;
  readonly deployments: { version: string; at: number; by: string }[]; // newest first
  instances: ShopInstance[];
  readonly samples: ShopSample[];
  readonly lines: ShopLine[];
};

export const STEP_MS = 500;
export const FIRST_VERSION = 'v41';
export const BAD_VERSION = 'v42';
export const REPLICAS = 2;
export const MAX_REPLICAS = 4;
export const PER_REPLICA: Readonly<Record<ShopService, number>> = {
  gateway: 220,
  checkout: 160,
  inventory: 100,
};
const NEXT: Readonly<Record<ShopService, ShopState['next']>> = {
  gateway: { service: 'checkout', share: 0.75 },
  checkout: { service: 'inventory', share: 0.66 },
  inventory: null,
};
const BASE_RATE = 80;
const FRESH_MEMORY = 0.35;

export type Shop = {
  readonly states: ReadonlyMap<ShopService, ShopState>;
  load: number; // factor on the base rate
  /** Computes everything up to `now`. */
  runTo(now: number): void;
};

/** A small deterministic shop: what happens in it depends on the seed, the time and what is done to it, only. */
export function createFakeShop(options: { seed: number; from: number }): Shop {
  const noise = seededNoise(options.seed);
  const states = new Map(shopServices.map((id) => [id, stateOf(id, options.from)]));
  let next = options.from;
  const shop: Shop = {
    states,
    load: 1,
    runTo: (now) => {
      for (; next <= now; next += STEP_MS) step({ shop, noise, t: next });
    },
  };
  return shop;
}

function stateOf(id: ShopService, at: number): ShopState {
  const state: ShopState = {
    id,
    uid: `uid-${id}`,
    next: NEXT[id],
    baseMs: { gateway: 15, checkout: 10, inventory: 15 }[id],
    generation: 1,
    replicas: REPLICAS,
    perReplica: PER_REPLICA[id],
    sharedLimit: null,
    memory: FRESH_MEMORY,
    leaking: false,
    stuck: false,
    ailment: 'none',
    arrival: 0,
    ownFail: 0,
    deployments: [{ version: FIRST_VERSION, at: at - 86_400_000, by: 'ci' }],
    instances: [],
    samples: [],
    lines: [],
  };
  renew(state, at - 86_400_000);
  return state;
}

/** Every instance is replaced by a new one, which knows nothing of what ailed the old one. */
export function renew(state: ShopState, at: number): void {
  state.instances = [];
  resize(state, state.replicas, at);
  state.memory = FRESH_MEMORY;
  state.leaking = false;
  state.stuck = false;
}

export function resize(state: ShopState, replicas: number, at: number): void {
  state.replicas = replicas;
  state.instances = state.instances.slice(0, replicas);
  for (let n = state.instances.length; n < replicas; n += 1) {
    state.instances.push({
      id: `${state.id}-${state.generation}-${n + 1}`,
      state: 'running',
      version: versionOf(state),
      startedAt: at,
    });
  }
}

export function versionOf(state: ShopState): string {
  return state.deployments[0]?.version ?? FIRST_VERSION;
}

export function running(state: ShopState): number {
  return state.instances.filter((instance) => instance.state === 'running').length;
}

type Step = { readonly shop: Shop; readonly noise: Noise; readonly t: number };
type Health = { fail: number; p95: number; extraMs: number };

function step(at: Step): void {
  const { shop, noise } = at;
  const [gateway, checkout, inventory] = shopServices.map((id) => shop.states.get(id));
  if (!gateway || !checkout || !inventory) throw new Error('the shop has three services');
  gateway.arrival = BASE_RATE * shop.load * (1 + 0.03 * noise());
  checkout.arrival = gateway.arrival * 0.75 * (1 - gateway.ownFail);
  inventory.arrival = checkout.arrival * 0.66 * (1 - checkout.ownFail);
  const below = measure(at, inventory, null);
  measure(at, gateway, measure(at, checkout, below));
}

/** Computes one step of one service on top of the one that it calls. */
function measure({ noise, t }: Step, state: ShopState, below: Health | null): Health {
  if (state.leaking) state.memory = Math.min(0.98, state.memory + 0.01);
  const own = ownHealth(state);
  state.ownFail = Math.min(1, own.fail);
  const share = state.next?.share ?? 0;
  const fail = Math.min(
    1,
    1 - (1 - own.fail) * (1 - share * (below?.fail ?? 0)) + 0.0005 * Math.abs(noise()),
  );
  const extraMs = own.extraMs + Math.min(1000, below?.extraMs ?? 0);
  const p95 = state.baseMs + extraMs + (below === null ? 0 : below.p95 - below.extraMs);
  const up = running(state);
  const busy =
    state.arrival / capacityOf(state) + (state.arrival * share * (below?.extraMs ?? 0)) / 1000 / (up * 12);
  const alive = (value: number): number | null => (up === 0 ? null : value);
  state.samples.push({
    t,
    signals: {
      error_ratio: alive(fail),
      latency_p95: alive(p95 * (1 + 0.05 * noise())),
      request_rate: alive(state.arrival),
      saturation: alive(state.stuck ? 1 : Math.min(1, busy * (1 + 0.05 * noise()))),
      memory_use: alive(state.memory * (1 + 0.005 * noise())),
      instances_up: up,
    },
  });
  writeLines({ noise, t }, state, { fail, passedOn: share * (below?.fail ?? 0) });
  return { fail, p95, extraMs };
}

function capacityOf(state: ShopState): number {
  return Math.max(
    0.001,
    Math.min(running(state) * state.perReplica, state.sharedLimit ?? Number.POSITIVE_INFINITY),
  );
}

function ownHealth(state: ShopState): { fail: number; extraMs: number } {
  if (running(state) === 0) return { fail: 1, extraMs: 0 };
  if (state.stuck) return { fail: 0.97, extraMs: 985 };
  const use = state.arrival / capacityOf(state);
  const queueMs = use > 1 ? 600 : Math.max(0, use - 0.7) * 100;
  const full = state.memory > 0.9;
  const fails: Record<ShopState['ailment'], number> = {
    none: 0,
    'unknown-bad-record': 0.12,
    'unknown-expired-credential': 0.6,
    'unknown-slow-disk': 0,
  };
  const broken = versionOf(state) === BAD_VERSION ? 0.31 : 0;
  const refused = use > 1 ? 1 - 1 / use : 0;
  return {
    fail: 0.0018 + broken + refused + (full ? 0.4 : 0) + fails[state.ailment],
    extraMs: queueMs + (full ? 250 : 0) + (state.ailment === 'unknown-slow-disk' ? 400 : 0),
  };
}

function writeLines(
  { noise, t }: Pick<Step, 'noise' | 't'>,
  state: ShopState,
  health: { fail: number; passedOn: number },
): void {
  const request = Math.floor(Math.abs(noise()) * 90_000) + 1;
  if (t % 5000 < STEP_MS)
    state.lines.push({ at: t, level: 'info', message: `served ${Math.round(state.arrival * 5)} requests` });
  const expected = (health.fail * state.arrival * STEP_MS) / 1000;
  if (running(state) === 0 || expected < Math.abs(noise())) return;
  const passedOn = health.passedOn > health.fail / 2;
  const message = passedOn
    ? `request ${request}: ${state.next?.service} answered 503`
    : ownMessage(state, request);
  const lines = Math.min(5, Math.max(1, Math.round(expected)));
  for (let n = 0; n < lines; n += 1) state.lines.push({ at: t, level: 'error', message });
}

function ownMessage(state: ShopState, request: number): string {
  if (state.stuck) return `request ${request} timed out waiting for a worker`;
  if (versionOf(state) === BAD_VERSION)
    return `TypeError: Cannot read properties of undefined (reading 'amount') in request ${request}`;
  if (state.memory > 0.9) return `request ${request} refused: memory limit`;
  if (state.ailment === 'unknown-bad-record') return `record ${request % 20} has no price`;
  if (state.ailment === 'unknown-expired-credential')
    return `request ${request}: payment provider answered 401`;
  return state.arrival > capacityOf(state)
    ? `request ${request} refused: queue full`
    : `request ${request}: connection reset`;
}
