import { z } from 'zod';
import { realClock } from '#core/clock.ts';
import { quantile } from './load-summary.ts';
import { call } from './shop/http.ts';
import { runProcess, sayLine } from './shop/lines.ts';
import { PRODUCTS, ROUTES, type Route } from './shop/plan.ts';

/** Requests a second for each route; the first line on stdin also names the port of the gateway. */
const Rates = z.strictObject({ home: z.number().min(0), cart: z.number().min(0), buy: z.number().min(0) });
const Settings = z.strictObject({ port: z.number().int(), rates: Rates });
/** `{rate}` keeps the mix and changes the sum, `{rates}` sets each route. */
const Command = z.union([
  z.strictObject({ rate: z.number().min(0).max(2000) }),
  z.strictObject({ rates: Rates }),
]);
type Rates = z.infer<typeof Rates>;

const TIMEOUT_MS = 2000;
const STEP_MS = 4;

/** Requests that are due, per route, as a fraction that grows with time. */
const due: Record<Route, number> = { home: 0, cart: 0, buy: 0 };
const sent: Record<Route, number> = { home: 0, cart: 0, buy: 0 };
let rates: Rates = { home: 0, cart: 0, buy: 0 };
let times: number[] = [];
let failed = 0;

async function send(port: number, route: Route): Promise<void> {
  const product = sent[route]++ % PRODUCTS;
  const began = realClock.mono();
  const reply = await call({ port, path: `/${route}?product=${product}`, timeoutMs: TIMEOUT_MS });
  times.push(realClock.mono() - began);
  if (reply.kind !== 'answer' || reply.code !== 200) failed += 1;
}

/** Open loop: what is due is sent whether or not earlier answers came. */
function run(port: number): void {
  let before = realClock.mono();
  setInterval(() => {
    const now = realClock.mono();
    for (const route of ROUTES) {
      due[route] += (rates[route] * Math.min(200, now - before)) / 1000;
      for (; due[route] >= 1; due[route] -= 1) void send(port, route);
    }
    before = now;
  }, STEP_MS);
  setInterval(() => {
    const round = (value: number): number => Math.round(value * 10) / 10;
    const errors = times.length === 0 ? 0 : failed / times.length;
    sayLine({
      t: realClock.now(),
      rate: times.length,
      errors: Math.round(errors * 10_000) / 10_000,
      p50: round(quantile(times, 0.5)),
      p95: round(quantile(times, 0.95)),
    });
    times = [];
    failed = 0;
  }, 1000);
}

function scaled(rate: number): Rates {
  const sum = rates.home + rates.cart + rates.buy;
  const factor = sum === 0 ? 0 : rate / sum;
  return { home: rates.home * factor, cart: rates.cart * factor, buy: rates.buy * factor };
}

runProcess({
  onSettings: (value) => {
    const settings = Settings.parse(value);
    rates = settings.rates;
    run(settings.port);
  },
  onCommand: (value) => {
    const command = Command.parse(value);
    rates = 'rate' in command ? scaled(command.rate) : command.rates;
  },
});
