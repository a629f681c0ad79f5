import { expect, test } from 'vitest';
import { scriptedModel } from '#llm/scripted.ts';
import { aRequest } from './a-turn.ts';

const script = {
  monitor: [
    { text: 'I look.', calls: [{ tool: 'http_probe', args: { service: 'service:checkout' } }] },
    { calls: [{ tool: 'report', args: {}, id: 'mine' }], stop: 'length' as const },
    { fails: 'timeout' as const },
  ],
};
const signal = new AbortController().signal;
const reply = { kind: 'reply' as const, text: '', calls: [] };

test('a session plays its role from the first turn on, and goes on where its transcript ends', async () => {
  const model = scriptedModel(script);
  const first = await model.reply(aRequest({ role: 'monitor' }), signal);
  expect(first).toMatchObject({
    text: 'I look.',
    stop: 'tool_use',
    calls: [{ id: 's1-1', tool: 'http_probe' }],
  });
  const second = await model.reply(aRequest({ role: 'monitor', items: [reply] }), signal);
  expect(second).toMatchObject({ stop: 'length', calls: [{ id: 'mine', tool: 'report' }] });
  expect(await model.reply(aRequest({ role: 'monitor', items: [reply, reply] }), signal)).toEqual({
    kind: 'failed',
    reason: 'timeout',
  });
  expect(await model.reply(aRequest({ role: 'monitor' }), signal)).toEqual(first);
});

test('without a script, and after its end, a role asks for nothing and costs nothing', async () => {
  const model = scriptedModel(script);
  const over = {
    kind: 'reply',
    text: '',
    calls: [],
    stop: 'end',
    usage: { inputTokens: 0, outputTokens: 0, usdMicros: 0 },
    by: { model: 'scripted', mode: 'model', why: null },
  };
  expect(await model.reply(aRequest({ role: 'diagnosis' }), signal)).toEqual(over);
  expect(await model.reply(aRequest({ role: 'monitor', items: [reply, reply, reply] }), signal)).toEqual(
    over,
  );
});

test('a stopped run hears that it was stopped', async () => {
  expect(await scriptedModel(script).reply(aRequest({ role: 'monitor' }), AbortSignal.abort())).toEqual({
    kind: 'failed',
    reason: 'aborted',
  });
});
