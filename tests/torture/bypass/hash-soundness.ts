import { createHash } from 'node:crypto';
import { type Plan, planHash } from '#approvals/plan.ts';
import { aStep } from '../../approvals/a-gate.ts';
import { type Dice, diceOf } from './dice.ts';

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type Hashed = {
  /** The first 64 bits of each hash. */
  readonly heads: BigUint64Array<ArrayBuffer>;
  readonly plans: number;
  readonly mutations: number;
  readonly reordered: number;
  /** Plans whose hash changed with the order of their keys. */
  readonly orderSensitive: number;
};

/** Of so many plans one is changed in every field it has; the hash of each change is kept too. */
export const MUTATED = 40;
const REORDERED = 10;

/** Hashes plans that all differ, all one-field changes of some of them, and others with their keys in another order. */
export function hashPlans({ seed, plans }: { seed: number; plans: number }): Hashed {
  const dice = diceOf(seed);
  const kept = growing();
  const keep = (plan: Json) => kept.push(headOf(plan));
  let [mutations, reordered, orderSensitive] = [0, 0, 0];
  for (let at = 0; at < plans; at += 1) {
    const plan = aPlan(dice, seed * 10_000_019 + at);
    keep(plan);
    if (at % MUTATED === 0)
      for (const changed of oneFieldChanges(plan)) {
        mutations += 1;
        keep(changed);
      }
    if (at % REORDERED === 0) {
      reordered += 1;
      if (headOf(shuffled(plan, dice)) !== headOf(plan)) orderSensitive += 1;
    }
  }
  return { heads: kept.all(), plans, mutations, reordered, orderSensitive };
}

/** Millions of numbers, eight bytes each. */
function growing() {
  let room = new BigUint64Array(1024);
  let used = 0;
  return {
    push: (head: bigint): void => {
      if (used === room.length) {
        const larger = new BigUint64Array(room.length * 2);
        larger.set(room);
        room = larger;
      }
      room[used] = head;
      used += 1;
    },
    all: () => room.slice(0, used),
  };
}

/** How many of these are there more than once. Sorts in place. */
export function collisions(heads: BigUint64Array): number {
  heads.sort();
  let found = 0;
  for (let at = 1; at < heads.length; at += 1) if (heads[at] === heads[at - 1]) found += 1;
  return found;
}

function headOf(plan: Json): bigint {
  return BigInt(`0x${planHash(plan as unknown as Plan).slice(0, 16)}`);
}

/** A plan as the product makes them; no two have the same number. */
function aPlan(dice: Dice, number: number): Json {
  const steps = Array.from({ length: 1 + dice.roll(3) }, () => {
    const service = `svc-${dice.roll(50)}`;
    const target = {
      ref: `service:${service}`,
      service,
      environment: 'prod',
      uid: `u-${dice.roll(99)}`,
      generation: dice.roll(99),
    };
    const change = { tool: 'service_scale', target: target.ref, replicas: 1 + dice.roll(99) };
    return { ...aStep(), tool: 'service_scale', target, change, touches: [service] };
  });
  const nonce = createHash('md5').update(`plan ${number}`).digest('hex');
  return {
    ...{ v: 1, approval: `A-${dice.roll(9)}`, incident: `INC-${dice.roll(9)}`, session: 's', run: 'run-1' },
    ...{
      requestedBy: [],
      service: 'svc',
      environment: 'prod',
      cause: 'overload',
      confidence: dice.roll(100),
    },
    ...{ evidence: ['e1', 'e2'], tier: 'R2', steps, policyVersion: 'p', inventoryVersion: 'i' },
    verification: {
      service: 'svc',
      signal: 'error_ratio',
      low: '0',
      high: '0.02',
      samples: 3,
      everyMs: 1,
      windowMs: 2,
    },
    ...{ createdAt: number % 1000, expiresAt: dice.roll(9999), nonce },
  } as unknown as Json;
}

/** Every plan that differs from this one in one place: a value changed, a member more or less, an element moved. */
function* oneFieldChanges(value: Json): Generator<Json> {
  if (Array.isArray(value)) {
    yield [...value, null];
    for (const [at, member] of value.entries()) {
      yield value.toSpliced(at, 1);
      for (const changed of oneFieldChanges(member)) yield value.with(at, changed);
    }
  } else if (typeof value === 'object' && value !== null) {
    yield { ...value, extra: true };
    const members: readonly (readonly [string, Json])[] = Object.entries(value);
    for (const [key, member] of members) {
      yield Object.fromEntries(members.filter(([other]) => other !== key));
      for (const changed of oneFieldChanges(member)) yield { ...value, [key]: changed };
    }
  } else yield* otherScalars(value as null | boolean | number | string);
}

function* otherScalars(value: null | boolean | number | string): Generator<Json> {
  if (typeof value === 'number') yield* [value + 1, String(value)];
  else if (typeof value === 'string')
    yield* [`${value} `, `${value.slice(0, -1)}~`, value === '' ? 0 : value.length];
  else yield* [typeof value === 'boolean' ? !value : '', 0];
}

/** The same plan with the members of every object in another order. */
function shuffled(value: Json, dice: Dice): Json {
  if (Array.isArray(value)) return value.map((member) => shuffled(member, dice));
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).map(
    ([key, member]) => [key, shuffled(member as Json, dice)] as const,
  );
  for (let at = members.length - 1; at > 0; at -= 1) {
    const other = dice.roll(at + 1);
    const [one, two] = [members[at], members[other]];
    if (one !== undefined && two !== undefined) [members[at], members[other]] = [two, one];
  }
  return Object.fromEntries(members);
}
