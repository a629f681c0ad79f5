import { expect, onTestFinished, test } from 'vitest';
import { type FileLog, openFileLog } from '#audit/file-log.ts';
import { verifyLog } from '#audit/verify.ts';
import { realRandom } from '#core/clock.ts';
import { sha256 } from '#core/hash.ts';
import { IncidentId, PersonId } from '#core/ids.ts';
import { fact, SYSTEM } from '#incidents/entry.ts';
import { REOPEN_MS } from '#incidents/incident-fold.ts';
import { eraseIncident, eraseOnceVerified, finishErasing, keepRetention } from '#server/erase.ts';
import { createFolds, foldList } from '#server/folds.ts';
import { FakeClock } from '#tests/fakes/fake-clock.ts';
import { tempDir } from '../audit/support.ts';

const DAY = 24 * 3_600_000;
const olga = PersonId.parse('olga');
const INC = (number: number): IncidentId => IncidentId.parse(`INC-${number}`);

async function opened(dir: string, clock: FakeClock) {
  const folds = createFolds();
  const log = await openFileLog({ dir, clock, random: realRandom, folds: foldList(folds) });
  onTestFinished(() => log.close());
  return { log, clock, folds };
}
type Opened = Awaited<ReturnType<typeof opened>>;

/** An incident with content; resolved unless told otherwise. */
async function incident({ log, clock }: Opened, number: number, resolved = true): Promise<void> {
  const context = { actor: SYSTEM, traceId: 'test', incident: INC(number) };
  const alert = {
    source: 'sender',
    status: 'firing',
    fingerprint: sha256(`${number}`),
    name: 'Errors',
    severity: 'error',
    service: null,
    environment: null,
    startsAt: clock.now(),
  } as const;
  await log.append([
    fact(
      'incident.opened',
      {
        ...{
          alert,
          group: `g${number}`,
          service: null,
          environment: 'prod',
          owner: 'team-a',
          severity: 'error',
        },
        ...{ mode: 'observe', reason: 'opened' },
      },
      { ...context, payloads: [{ id: 'summary', content: Buffer.from(`secret ${number}`) }] },
    ),
    ...(resolved ? [fact('incident.resolved', { resolution: 'by_hand', by: 'alice' }, context)] : []),
  ]);
}

async function contentOf(log: FileLog, id: IncidentId): Promise<string | undefined> {
  for await (const entry of log.read(0)) {
    const [ref] = entry.payloads;
    if (entry.incidentId !== id || ref === undefined) continue;
    const bytes = await log.payload(id, ref);
    return bytes && Buffer.from(bytes).toString();
  }
  return 'no payload';
}

test('the content of a closed incident is erased, the entry says by whom, and the log still verifies', async () => {
  const dir = tempDir();
  const one = await opened(dir, new FakeClock());
  await incident(one, 1);
  await incident(one, 2);
  one.clock.jump(REOPEN_MS);
  expect(await contentOf(one.log, INC(1))).toBe('secret 1');
  expect(await eraseIncident(one, INC(1), olga)).toEqual({ kind: 'erased' });
  expect([await contentOf(one.log, INC(1)), await contentOf(one.log, INC(2))]).toEqual([
    undefined,
    'secret 2',
  ]);
  expect(await eraseIncident(one, INC(1), olga)).toEqual({ kind: 'refused', reason: 'already_erased' });
  await one.log.close();
  const again = await opened(dir, one.clock);
  expect(await contentOf(again.log, INC(1))).toBe(undefined);
  const kinds: unknown[] = [];
  expect(
    await verifyLog({ dir, onEntry: ({ kind, body }) => kind === 'payloads.erased' && kinds.push(body) }),
  ).toMatchObject({ kind: 'ok' });
  expect(kinds).toEqual([{ by: 'olga', reason: 'asked' }]);
});

test('what is open, can still re-open, or is not known is not erased', async () => {
  const one = await opened(tempDir(), new FakeClock());
  await incident(one, 1, false);
  await incident(one, 2);
  one.clock.jump(REOPEN_MS - 1);
  expect(await eraseIncident(one, INC(1), olga)).toEqual({ kind: 'refused', reason: 'not_closed' });
  expect(await eraseIncident(one, INC(2), olga)).toEqual({ kind: 'refused', reason: 'not_closed' });
  expect(await eraseIncident(one, INC(3), olga)).toEqual({ kind: 'refused', reason: 'not_found' });
  expect(await contentOf(one.log, INC(2))).toBe('secret 2');
});

test('a crash between the entry and the key is made good by the next start', async () => {
  const dir = tempDir();
  const one = await opened(dir, new FakeClock());
  await incident(one, 1);
  one.clock.jump(REOPEN_MS);
  const crashing = {
    ...one,
    log: {
      ...one.log,
      eraseKey: () => {
        throw new Error('the process ends here');
      },
    },
  };
  await expect(eraseIncident(crashing, INC(1), olga)).rejects.toThrow('ends here');
  expect(await contentOf(one.log, INC(1))).toBe('secret 1');
  await one.log.close();
  const again = await opened(dir, one.clock);
  finishErasing(again);
  expect(await contentOf(again.log, INC(1))).toBe(undefined);
});

test.each([
  ['known to be good', true, undefined],
  ['bad or not checked', false, 'secret 1'],
])('a log that is %s destroys the keys that it says are destroyed: %s', async (_name, isGood, left) => {
  const one = await opened(tempDir(), new FakeClock());
  await incident(one, 1);
  const context = { actor: SYSTEM, traceId: 'test', incident: INC(1) };
  await one.log.append([fact('payloads.erased', { by: null, reason: 'retention' }, context)]);
  const checked = Promise.withResolvers<boolean>();
  const errors: string[] = [];
  const options = { good: checked.promise, keepMs: DAY, onError: (text: string) => errors.push(text) };
  const stop = eraseOnceVerified(one, options);
  await one.clock.advance(2 * DAY);
  expect(await contentOf(one.log, INC(1))).toBe('secret 1');
  checked.resolve(isGood);
  await checked.promise;
  expect(await contentOf(one.log, INC(1))).toBe(left);
  stop();
  expect([errors, one.clock.waiting]).toEqual([[], 0]);
});

test('a log that cannot be written erases nothing', async () => {
  const one = await opened(tempDir(), new FakeClock());
  await incident(one, 1);
  one.clock.jump(REOPEN_MS);
  const failing = { ...one, log: { ...one.log, append: () => Promise.reject(new Error('disk full')) } };
  await expect(eraseIncident(failing, INC(1), olga)).rejects.toThrow('disk full');
  expect(await contentOf(one.log, INC(1))).toBe('secret 1');
});

test('content is erased once a day when its time is up, oldest incidents only', async () => {
  const one = await opened(tempDir(), new FakeClock());
  const errors: string[] = [];
  await incident(one, 1);
  one.clock.jump(2 * DAY);
  await incident(one, 2);
  const stop = keepRetention(one, 3 * DAY, (message) => errors.push(message));
  const seen = async () => [await contentOf(one.log, INC(1)), await contentOf(one.log, INC(2))];
  await one.clock.advance(61_000);
  expect(await seen()).toEqual(['secret 1', 'secret 2']);
  await one.clock.advance(DAY);
  await expect.poll(seen).toEqual([undefined, 'secret 2']);
  await one.clock.advance(2 * DAY);
  await expect.poll(seen).toEqual([undefined, undefined]);
  stop();
  expect([errors, one.folds.erased.all()]).toEqual([[], [INC(1), INC(2)]]);
  expect(one.clock.waiting).toBe(0);
});

test('content that is kept for ever is never erased', async () => {
  const one = await opened(tempDir(), new FakeClock());
  await incident(one, 1);
  keepRetention(one, null, () => undefined);
  await one.clock.advance(400 * DAY);
  expect(await contentOf(one.log, INC(1))).toBe('secret 1');
});

test('content that came after an erasing has a key that the next start leaves alone', async () => {
  const dir = tempDir();
  const one = await opened(dir, new FakeClock());
  await incident(one, 1);
  one.clock.jump(REOPEN_MS);
  await eraseIncident(one, INC(1), olga);
  const entries = await append(one.log);
  await one.log.close();
  const again = await opened(dir, one.clock);
  finishErasing(again);
  const ref = entries[0]?.payloads[0];
  const content = ref && (await again.log.payload(INC(1), ref));
  expect(Buffer.from(content ?? []).toString()).toBe('later');
});

async function append(log: FileLog) {
  const context = { actor: SYSTEM, traceId: 'test', incident: INC(1) };
  const payloads = [{ id: 'note', content: Buffer.from('later') }];
  const noted = await log.append([
    fact('incident.noted', { by: 'alice', chars: 5 }, { ...context, payloads }),
  ]);
  return noted.kind === 'appended' ? noted.entries : [];
}
