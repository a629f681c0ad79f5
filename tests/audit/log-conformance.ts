import { expect, test } from 'vitest';
import { parseCheckpoint } from '#audit/checkpoint.ts';
import type { Fold } from '#audit/fold.ts';
import type { Entry, Log } from '#audit/log.ts';
import type { IncidentId } from '#core/ids.ts';
import { FakeClock } from '#tests/fakes/fake-clock.ts';
import { countingFold, draft, entriesOf, incident } from './support.ts';

export type OpenLog = (options: {
  clock: FakeClock;
  folds?: readonly Fold[];
  onClockBack?: (ms: number) => void;
}) => Promise<Log & { eraseKey(incidentId: IncidentId): void }>;

/** What every log driver does. */
export function testLog(open: OpenLog): void {
  const opened = (over: Partial<Parameters<OpenLog>[0]> = {}) => open({ clock: new FakeClock(), ...over });

  test('a new log holds one entry that names its origin', async () => {
    const log = await opened();
    const [first] = await entriesOf(log);
    expect(first).toMatchObject({
      v: 1,
      seq: 0,
      kind: 'log.opened',
      body: { origin: log.checkpoint().origin },
    });
    expect(log.size()).toBe(1);
  });

  test('an entry is read back as it was appended, numbered and timed', async () => {
    const clock = new FakeClock();
    const log = await opened({ clock });
    const body = { text: 'späť – "quoted"\n', list: [1, null, { deep: true }] };
    const given = draft({ streams: ['incident:INC-1'], incidentId: incident(1), body });
    const result = await log.append([given]);
    const entry = { v: 1, seq: 1, ts: clock.now(), payloads: [], ...given };
    expect(result).toEqual({ kind: 'appended', entries: [entry] });
    expect(await entriesOf(log, 1)).toEqual([entry]);
  });

  test('many appends at once get numbers in the order of the calls, without gaps', async () => {
    const log = await opened();
    const results = await Promise.all(
      Array.from({ length: 300 }, (_, i) => log.append([draft({ body: { i } }), draft({ body: { i } })])),
    );
    const seqs = results.flatMap((result) => (result.kind === 'appended' ? result.entries : []));
    expect(seqs.map((entry) => [entry.seq, entry.body.i])).toEqual(
      Array.from({ length: 600 }, (_, n) => [n + 1, Math.floor(n / 2)]),
    );
    expect((await entriesOf(log, 1)).map((entry) => entry.seq)).toEqual(seqs.map((entry) => entry.seq));
  });

  test('versions are compared in queue order, and a conflict disturbs nobody else', async () => {
    const log = await opened();
    const one = { streams: ['group:a'] };
    const results = await Promise.all([
      log.append([draft(one)], { expect: { 'group:a': 0 } }),
      log.append([draft(one)], { expect: { 'group:a': 0 } }),
      log.append([draft({ streams: ['group:b'] })], { expect: { 'group:b': 0 } }),
      log.append([draft(one), draft(one)], { expect: { 'group:a': 1, 'group:b': 1 } }),
      log.append([draft()], { expect: { 'group:a': 3 } }),
    ]);
    expect(results.map((result) => result.kind)).toEqual([
      'appended',
      'conflict',
      'appended',
      'appended',
      'appended',
    ]);
    expect(results[1]).toEqual({ kind: 'conflict', stream: 'group:a', expected: 0, actual: 1 });
    expect([log.version('group:a'), log.version('group:b'), log.version('group:c'), log.size()]).toEqual([
      3, 1, 0, 6,
    ]);
  });

  test('a caller with a conflict sees the entries that caused it', async () => {
    const log = await opened();
    const winner = log.append([draft({ streams: ['lane:1'] })], { expect: { 'lane:1': 0 } });
    const loser = log.append([draft({ streams: ['lane:1'] })], { expect: { 'lane:1': 0 } });
    expect((await loser).kind).toBe('conflict');
    expect(log.version('lane:1')).toBe(1);
    expect((await winner).kind).toBe('appended');
  });

  test.each([
    ['a float', draft({ body: { a: 0.5 } })],
    ['a line over 16 KiB', draft({ body: { a: 'x'.repeat(16 * 1024) } })],
    ['a stream named twice', draft({ streams: ['a', 'a'] })],
  ])('a batch with %s is refused as a whole', async (_name, bad) => {
    const log = await opened();
    await expect(log.append([draft(), bad])).rejects.toMatchObject({ code: 'json_invalid' });
    expect((await log.append([draft()])).kind).toBe('appended');
    expect(log.size()).toBe(2);
  });

  test('a change of the draft after the call changes nothing', async () => {
    const log = await opened();
    const body = { a: [1] };
    const appended = log.append([draft({ body })]);
    body.a.push(2);
    expect(await appended).toMatchObject({ entries: [{ body: { a: [1] } }] });
  });

  test('folds hear of entries first, then subscribers, then the caller', async () => {
    const heard: string[] = [];
    const fold = { ...countingFold(), apply: (entry: Entry) => void heard.push(`fold ${entry.seq}`) };
    const log = await opened({ folds: [fold] });
    const end = log.subscribe((entries) => heard.push(`listener ${entries.map((entry) => entry.seq)}`));
    const both = [log.append([draft()]), log.append([draft()])];
    await Promise.all(both.map(async (one, i) => one.then(() => heard.push(`caller ${i}`))));
    end();
    await log.append([draft()]);
    expect(heard).toEqual(['fold 0', 'fold 1', 'fold 2', 'listener 1,2', 'caller 0', 'caller 1', 'fold 3']);
  });

  test('time never goes back in the log, and a jump of the wall clock over 5 s is told', async () => {
    const clock = new FakeClock();
    const jumps: number[] = [];
    const log = await opened({ clock, onClockBack: (ms) => jumps.push(ms) });
    await log.append([draft()]);
    const before = clock.now();
    clock.jump(-4000);
    await log.append([draft()]);
    clock.jump(-6000);
    await log.append([draft()]);
    await log.append([draft()]);
    expect((await entriesOf(log, 1)).map((entry) => entry.ts)).toEqual([before, before, before, before]);
    expect(jumps).toEqual([6000]);
  });

  test('a payload comes back until the key of its incident is erased, and only then is gone', async () => {
    const log = await opened();
    const payloads = [{ id: 'e1', content: Buffer.from('secret of one') }];
    const result = await log.append([
      draft({ incidentId: incident(1), payloads }),
      draft({ incidentId: incident(2), payloads }),
      draft({ payloads }),
    ]);
    const refs = result.kind === 'appended' ? result.entries.map((entry) => entry.payloads[0]) : [];
    const read = async (id: IncidentId | undefined, at: number) => {
      const ref = refs[at];
      const content = ref && (await log.payload(id, ref));
      return content && Buffer.from(content).toString();
    };
    expect(await read(incident(1), 0)).toBe('secret of one');
    expect(await read(undefined, 2)).toBe('secret of one');
    expect(await read(incident(2), 0)).toBeUndefined();
    log.eraseKey(incident(1));
    expect(await read(incident(1), 0)).toBeUndefined();
    expect(await read(incident(2), 1)).toBe('secret of one');
    await log.append([draft({ incidentId: incident(1), payloads })]);
    expect(await read(incident(1), 0)).toBeUndefined();
  });

  test('a payload that is not what its entry named is an error, not content', async () => {
    const log = await opened();
    const result = await log.append([draft({ payloads: [{ id: 'p', content: Buffer.from('x') }] })]);
    const ref = result.kind === 'appended' ? result.entries[0]?.payloads[0] : undefined;
    if (!ref) throw new Error('no payload');
    const other = { ...ref, sha256: log.checkpoint().root };
    await expect(log.payload(undefined, other)).rejects.toMatchObject({ code: 'log_tampered' });
  });

  test('every group has a checkpoint with its size', async () => {
    const log = await opened();
    await Promise.all([log.append([draft()]), log.append([draft(), draft()])]);
    const checkpoint = log.checkpoint();
    expect(checkpoint.size).toBe(4);
    expect(parseCheckpoint(checkpoint.note)).toEqual(checkpoint);
  });

  test('closing waits for what is queued and refuses the rest', async () => {
    const log = await opened();
    const queued = log.append([draft()]);
    const closed = log.close();
    await expect(log.append([draft()])).rejects.toMatchObject({ code: 'log_append_failed' });
    await closed;
    expect((await queued).kind).toBe('appended');
    expect(log.health()).toEqual({ kind: 'ok' });
  });
}
