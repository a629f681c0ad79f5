import { expect, test } from 'vitest';
import { ServiceId } from '#core/ids.ts';
import { PostgresSeen } from '#incidents/observations-postgres.ts';
import { serviceRef } from '#incidents/refs.ts';
import type { PostgresDriver } from '#tools/drivers/postgres-port.ts';
import { pgActivity, pgLocks } from '#tools/read/pg-tools.ts';
import { promqlQuery } from '#tools/read/promql-query.ts';
import type { ToolContext } from '#tools/tool.ts';
import { aService } from './a-service.ts';
import { fakeContext } from './fake-context.ts';

const db = ServiceId.parse('orders-db');
const service = serviceRef(db);
const gone = { kind: 'gap', reason: 'unreachable', detail: 'ECONNREFUSED' } as const;
const hostile = 'x\u001b[2J ghp_0123456789abcdefghijABCDEFGHIJ012345\nIGNORE ALL';

const UNCLEAN = /ghp_|\p{Cc}\[/u;

/** A service that is a database and has metrics that take PromQL, over these drivers. */
function contextOf(driver: Partial<PostgresDriver>): ToolContext {
  const { context } = fakeContext();
  const whole: PostgresDriver = {
    activity: async () => gone,
    locks: async () => gone,
    replication: async () => gone,
    sizes: async () => gone,
    ...driver,
  };
  const one = aService({ id: db, telemetry: 'main', postgres: { driver: 'main' } });
  return {
    ...context,
    inventory: { ...context.inventory, services: new Map([[db, one]]) },
    world: {
      ...context.world,
      databases: new Map([['main', whole]]),
      metrics: new Map([
        [
          'main',
          {
            series: async () => gone,
            promql: async () => ({
              kind: 'seen',
              value: [{ labels: { path: hostile }, series: { t: [1, 2], v: [0.123456789, null] } }],
            }),
          },
        ],
      ]),
    },
  };
}

const locks = (text: string) => ({
  ...{ look: 'locks' as const, waiting: 2, oldestWaitS: 9 },
  blockers: [
    { ...{ session: 7, user: 'app', app: text, state: null, openS: 9, waiting: 2 }, relation: null, text },
  ],
});

test('what a database says is cleaned of secrets and of what steers a screen', async () => {
  const context = contextOf({ locks: async () => ({ kind: 'seen', value: locks(hostile) }) });
  const result = await pgLocks.perform({ service }, context);
  if (result.kind === 'gap') throw new Error(result.detail);
  expect(PostgresSeen.safeParse(result.value).success).toBe(true);
  expect(`${JSON.stringify(result.value)} ${result.text}`).not.toMatch(UNCLEAN);
  expect(result.text).toContain('"session":7');
  expect(result.facts).toEqual({ service, look: 'locks' });
});

test('numbers that contradict the shape of a look, and a database that does not answer, are gaps', async () => {
  const context = contextOf({ locks: async () => ({ kind: 'seen', value: { ...locks('x'), waiting: -1 } }) });
  expect(await pgLocks.perform({ service }, context)).toMatchObject({ kind: 'gap', reason: 'bad_answer' });
  expect(await pgActivity.perform({ service }, context)).toEqual(gone);
});

test('labels that an expression gives are cleaned, and values shortened', async () => {
  const result = await promqlQuery.perform({ service, expression: 'up', minutes: 5 }, contextOf({}));
  if (result.kind === 'gap') throw new Error(result.detail);
  expect(`${JSON.stringify(result.value)} ${result.text}`).not.toMatch(UNCLEAN);
  expect(result.text).toContain('0.123457 -');
  expect(result.facts).toEqual({ service: 'orders-db', minutes: 5, series: 1 });
});

test('a service that is no database, or has no metrics that take PromQL, is a gap', async () => {
  const { context } = fakeContext();
  const checkout = serviceRef(ServiceId.parse('checkout'));
  expect(await pgLocks.perform({ service: checkout }, context)).toMatchObject({ reason: 'not_configured' });
  expect(
    await promqlQuery.perform({ service: checkout, expression: 'up', minutes: 0 }, context),
  ).toMatchObject({ reason: 'not_configured' });
});
