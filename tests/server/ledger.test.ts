import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type MemoryLog, openMemoryLog } from '#audit/memory-log.ts';
import { realRandom } from '#core/clock.ts';
import { IncidentId, RunId, SessionKey } from '#core/ids.ts';
import { readFact } from '#incidents/entry.ts';
import { SpendFold } from '#incidents/spend-fold.ts';
import type { Ledger, Reservation, Settlement } from '#llm/ledger.ts';
import { type Budget, createLedger } from '#server/ledger.ts';
import { FakeClock } from '../fakes/fake-clock.ts';

const INC = IncidentId.parse('INC-1');
const OTHER = IncidentId.parse('INC-2');
const budget: Budget = { incident: 1000, day: 5000, roles: new Map([['diagnosis', 600]]) };

type Books = { clock: FakeClock; log: MemoryLog; fold: SpendFold; ledger: Ledger };

async function books(limits: Budget = budget): Promise<Books> {
  const clock = new FakeClock();
  const fold = new SpendFold();
  const log = await openMemoryLog({ clock, random: realRandom, folds: [fold] });
  const deps = { log, fold, clock, random: realRandom, budget: limits };
  return { clock, log, fold, ledger: createLedger(deps) };
}

function asks(usdMicros: number, over: Partial<Reservation> & { incident?: IncidentId } = {}): Reservation {
  const { incident = INC, ...rest } = over;
  const session = SessionKey.parse('agent:monitor:subagent:1');
  const turn = { incident, session, run: RunId.parse('run-1') };
  return { turn, role: 'monitor', provider: 'a', model: 'm', usdMicros, ...rest };
}

function cost(usdMicros: number, over: Partial<Settlement> = {}): Settlement {
  const tokens = { input: 10, cacheRead: 0, cacheWrite: 0, output: 1 };
  return { outcome: 'ok', tokens, usdMicros, price: '2026-01-01', latencyMs: 5, attempt: 1, ...over };
}

const facts = async (log: MemoryLog) =>
  (await Array.fromAsync(log.read(0))).flatMap((entry) => readFact(entry) ?? []);

async function reserved(ledger: Ledger, one: Reservation): Promise<string> {
  const answer = await ledger.reserve(one);
  if (answer.kind !== 'reserved') throw new Error(`refused: ${answer.reason}`);
  return answer.id;
}

test('a reservation is durable before it is given, and settling puts the true cost in its place', async () => {
  const { log, fold, ledger } = await books();
  const id = await reserved(ledger, asks(400));
  expect(fold.spent({ kind: 'incident', incident: INC })).toBe(400);
  await ledger.settle(id, cost(150, { outcome: 'timeout', tokens: null }));
  expect(fold.spent({ kind: 'incident', incident: INC })).toBe(150);
  expect(fold.spent({ kind: 'day', day: '2026-01-05' })).toBe(150);
  expect(fold.incident(INC)?.roles).toEqual({
    monitor: { attempts: 1, failed: 1, inputTokens: 0, outputTokens: 0, usdMicros: 150 },
  });
  const entries = (await facts(log)).filter(({ kind }) => kind !== 'log.opened');
  expect(entries.map(({ kind }) => kind)).toEqual(['spend.reserved', 'model.attempted']);
  expect(entries[0]?.entry).toMatchObject({ incidentId: INC, traceId: 'run-1' });
  expect(entries[1]?.body).toMatchObject({
    reservation: id,
    usdMicros: 150,
    reservedUsdMicros: 400,
    tokens: null,
  });
});

test('each budget refuses by its own name', async () => {
  const { ledger, clock } = await books();
  expect(await ledger.reserve(asks(1001))).toEqual({ kind: 'refused', reason: 'incident_spent' });
  expect(await ledger.reserve(asks(601, { role: 'diagnosis' }))).toEqual({
    kind: 'refused',
    reason: 'role_spent',
  });
  for (let n = 1; n <= 5; n += 1) {
    await reserved(ledger, asks(1000, { incident: IncidentId.parse(`INC-${n}`) }));
  }
  const next = asks(1, { incident: IncidentId.parse('INC-6') });
  expect(await ledger.reserve(next)).toEqual({ kind: 'refused', reason: 'day_spent' });
  await clock.advance(24 * 3_600_000);
  expect(await ledger.reserve(next)).toMatchObject({ kind: 'reserved' });
});

test('a free model is within a budget of nothing, one that costs is not', async () => {
  const { ledger } = await books({ incident: 0, day: 0, roles: new Map() });
  expect(await ledger.reserve(asks(0))).toMatchObject({ kind: 'reserved' });
  expect(await ledger.reserve(asks(1))).toMatchObject({ kind: 'refused' });
});

test('what was never settled stays spent after a restart', async () => {
  const { log, clock, ledger } = await books();
  await reserved(ledger, asks(700));
  const fold = new SpendFold();
  for await (const entry of log.read(0)) fold.apply(entry);
  const after = createLedger({ log, fold, clock, random: realRandom, budget });
  expect(await after.reserve(asks(301))).toEqual({ kind: 'refused', reason: 'incident_spent' });
});

test('settling twice, or what was never reserved, is a bug and changes nothing', async () => {
  const { ledger, fold } = await books();
  const id = await reserved(ledger, asks(400));
  await ledger.settle(id, cost(100));
  await expect(ledger.settle(id, cost(100))).rejects.toThrow('settled before');
  await expect(ledger.settle('spend-x', cost(1))).rejects.toThrow('not reserved');
  expect(fold.spent({ kind: 'incident', incident: INC })).toBe(100);
});

test('an amount is settled on the day on which it was reserved', async () => {
  const { ledger, fold, clock } = await books();
  const id = await reserved(ledger, asks(400));
  await clock.advance(24 * 3_600_000);
  await ledger.settle(id, cost(100));
  expect([...fold.days()]).toEqual([['2026-01-05', 100]]);
});

test('80 percent of a budget and its end are noticed once each', async () => {
  const { ledger, log } = await books();
  const noticed = async () =>
    (await facts(log)).flatMap((one) =>
      one.kind === 'spend.noticed' ? [[one.body.scope, one.body.percent]] : [],
    );
  await ledger.settle(await reserved(ledger, asks(790)), cost(790));
  expect(await noticed()).toEqual([]);
  await ledger.settle(await reserved(ledger, asks(10)), cost(10));
  await ledger.settle(await reserved(ledger, asks(10)), cost(10));
  expect(await noticed()).toEqual([['incident', 80]]);
  await Promise.all([ledger.reserve(asks(500)), ledger.reserve(asks(500)), ledger.reserve(asks(500))]);
  await ledger.reserve(asks(500));
  expect(await noticed()).toEqual([
    ['incident', 80],
    ['incident', 100],
  ]);
});

test('room that only calls under way take is no end of a budget, and the true notices still come', async () => {
  const { ledger, log } = await books();
  const noticed = async () =>
    (await facts(log)).flatMap((one) =>
      one.kind === 'spend.noticed' ? [[one.body.percent, one.body.usdMicros]] : [],
    );
  const [one, two] = [await reserved(ledger, asks(500)), await reserved(ledger, asks(500))];
  expect(await ledger.reserve(asks(500))).toEqual({ kind: 'refused', reason: 'incident_spent' });
  await ledger.settle(one, cost(90));
  expect(await noticed()).toEqual([]);
  await ledger.settle(two, cost(90));
  await ledger.settle(await reserved(ledger, asks(700)), cost(640));
  expect(await noticed()).toEqual([[80, 820]]);
  await ledger.reserve(asks(181));
  expect(await noticed()).toEqual([
    [80, 820],
    [100, 820],
  ]);
});

test('200 calls at once never pass a budget, and all that fits is used', async () => {
  const { ledger, fold } = await books({ incident: 1000, day: 1500, roles: new Map([['diagnosis', 300]]) });
  const answers = await Promise.all(
    Array.from({ length: 200 }, (_, n) =>
      ledger.reserve(
        asks(50, { role: n % 2 === 0 ? 'diagnosis' : 'monitor', incident: n % 3 === 0 ? OTHER : INC }),
      ),
    ),
  );
  const got = answers.filter(({ kind }) => kind === 'reserved');
  expect(fold.spent({ kind: 'day', day: '2026-01-05' })).toBe(got.length * 50);
  expect(got).toHaveLength(30);
  expect(fold.spent({ kind: 'incident', incident: INC })).toBeLessThanOrEqual(1000);
  expect(fold.spent({ kind: 'role', incident: INC, role: 'diagnosis' })).toBe(300);
});

const Call = fc.record({
  worst: fc.integer({ min: 0, max: 400 }),
  share: fc.integer({ min: 0, max: 100 }),
  role: fc.constantFrom('diagnosis', 'monitor'),
  incident: fc.constantFrom(INC, OTHER),
  settles: fc.boolean(),
});

test('no order of reserving and settling passes a limit, and a replay finds the same spend', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(Call, { maxLength: 12 }), { maxLength: 6 }), async (rounds) => {
      const { ledger, fold, log } = await books();
      for (const round of rounds) {
        await Promise.all(
          round.map(async ({ worst, share, role, incident, settles }) => {
            const answer = await ledger.reserve(asks(worst, { role, incident }));
            if (answer.kind === 'reserved' && settles)
              await ledger.settle(answer.id, cost(Math.floor((worst * share) / 100)));
          }),
        );
        for (const incident of [INC, OTHER]) {
          expect(fold.spent({ kind: 'incident', incident })).toBeLessThanOrEqual(budget.incident);
          expect(fold.spent({ kind: 'role', incident, role: 'diagnosis' })).toBeLessThanOrEqual(600);
        }
      }
      const again = new SpendFold();
      for await (const entry of log.read(0)) again.apply(entry);
      expect(again.save()).toEqual(fold.save());
      const loaded = new SpendFold();
      loaded.load(JSON.parse(JSON.stringify(fold.save())));
      expect(loaded.save()).toEqual(fold.save());
    }),
    { numRuns: 40 },
  );
});
