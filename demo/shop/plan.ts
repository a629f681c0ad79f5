import { z } from 'zod';

/** The three services of the shop, in the order a purchase passes through them. */
export const SERVICES = ['gateway', 'checkout', 'inventory'] as const;
export const ServiceName = z.enum(SERVICES);
export type ServiceName = z.infer<typeof ServiceName>;

/** What a customer asks for: `home` ends at the gateway, `cart` at checkout, `buy` at the inventory. */
export const ROUTES = ['home', 'cart', 'buy'] as const;
export const Route = z.enum(ROUTES);
export type Route = z.infer<typeof Route>;

/** Product ids run from 0 to PRODUCTS - 1. */
export const PRODUCTS = 20;

/**
 * Size of one instance. A worker answers after about `answerMs`, then keeps its slot until `holdMs` are over
 * (bookkeeping), so an instance carries `workers / holdMs` requests while answers stay quick.
 */
export type ServicePlan = {
  /** Name of the outside system the service reads one record from for every request. */
  readonly store: string;
  readonly next: { readonly service: ServiceName; readonly routes: readonly Route[] } | null;
  readonly workers: number;
  readonly queue: number;
  readonly answerMs: number;
  readonly holdMs: number;
  readonly timeoutMs: number;
};

/** Two instances carry about 200, 106 and 53 requests a second; timeouts shrink downwards so that the caller waits longer. */
export const PLAN: { readonly [S in ServiceName]: ServicePlan } = {
  gateway: {
    store: 'identity',
    next: { service: 'checkout', routes: ['cart', 'buy'] },
    workers: 4,
    queue: 64,
    answerMs: 2,
    holdMs: 40,
    timeoutMs: 1200,
  },
  checkout: {
    store: 'payments',
    next: { service: 'inventory', routes: ['buy'] },
    workers: 4,
    queue: 30,
    answerMs: 3,
    holdMs: 75,
    timeoutMs: 1000,
  },
  inventory: { store: 'stock', next: null, workers: 4, queue: 14, answerMs: 3, holdMs: 150, timeoutMs: 800 },
};

export const REPLICAS = 2;
export const MAX_REPLICAS = 4;
/** Memory one instance may use; it starts well below half of it. */
export const MEMORY_LIMIT_BYTES = 256 * 1024 * 1024;
