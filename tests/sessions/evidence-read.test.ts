import { expect, test } from 'vitest';
import { CallId, IncidentId } from '#core/ids.ts';
import type { Caller } from '#incidents/caller.ts';
import { evidenceReadTool } from '#sessions/evidence-read.ts';
import { call, createRig, healthy, INC, open, type Rig, say, spawnMonitor } from './rig.ts';

const LONG = `${'0123456789'.repeat(1_000)}end`;

/** An incident whose monitor looked once: e2 (its spawn was e1) answered 10,003 characters, e3 nothing. */
async function looked(): Promise<Rig> {
  const rig = await createRig({
    roles: {
      coordinator: (_r, turn) => (turn === 0 ? say(spawnMonitor()) : say()),
      monitor: (_r, turn) =>
        turn === 0
          ? say(
              call('http_probe', { service: 'service:checkout' }),
              call('metrics_query', { service: 'service:checkout' }),
            )
          : say(call('report', healthy)),
    },
    answers: ({ tool }) =>
      tool === 'http_probe'
        ? { kind: 'ok', value: { a: 1 }, text: LONG }
        : { kind: 'gap', reason: 'timeout', text: 'nothing' },
  });
  await open(rig);
  return rig;
}

function read(rig: Rig, asked: { call: string; from: number; length: number }, incident = INC) {
  const tool = evidenceReadTool(rig);
  const caller: Caller = { kind: 'system', incident };
  return tool.perform(tool.args.parse(asked), { caller, call: CallId.parse('e50'), clock: rig.clock });
}

test('a range of a long answer is read from the log, and the model saw only its beginning', async () => {
  const rig = await looked();
  const shown = rig.model.requests.findLast(({ role }) => role === 'monitor')?.items;
  const item = shown?.find((one) => one.kind === 'result' && one.tool === 'http_probe');
  expect(item?.text.length).toBeLessThanOrEqual(4_000);
  const rest = await read(rig, { call: 'e2', from: 9_998, length: 3_500 });
  expect(rest).toMatchObject({
    kind: 'ok',
    value: { call: 'e2', from: 9_998, total: 10_003, text: '89end' },
    text: 'e2 http_probe, characters 9998 to 10003 of 10003\n89end',
  });
  expect(await read(rig, { call: 'e2', from: 900_000, length: 1 })).toMatchObject({
    kind: 'ok',
    value: { text: '' },
  });
});

test('nothing but answered looks of the same incident is read', async () => {
  const rig = await looked();
  const range = { from: 0, length: 100 };
  for (const id of ['e1', 'e3', 'e99'])
    expect(await read(rig, { call: id, ...range })).toMatchObject({ kind: 'gap', reason: 'no_data' });
  const other = IncidentId.parse('INC-2');
  expect(await read(rig, { call: 'e2', ...range }, other)).toMatchObject({ kind: 'gap', reason: 'no_data' });
  const { args } = evidenceReadTool(rig);
  for (const wrong of [
    { from: -1, length: 5 },
    { from: 0, length: 1_000_000_000 },
    { from: 0, length: 0 },
  ])
    expect(args.safeParse({ call: 'e2', ...wrong }).success).toBe(false);
});
