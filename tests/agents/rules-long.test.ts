import { expect, test } from 'vitest';
import { rulesModel } from '#agents/rules/model.ts';
import { CallId } from '#core/ids.ts';
import type { Item } from '#llm/model.ts';
import { createContext } from '#sessions/context.ts';
import { monitorBrief } from '../sessions/rig.ts';
import { fakeContext } from '../tools/fake-context.ts';
import { briefItem, replyOf } from './rules-rig.ts';

test('rules that take over a long session reason from all of it, also from what is no longer sent', async () => {
  const { inventory } = fakeContext().context;
  const model = rulesModel(inventory);
  const items: Item[] = [briefItem(monitorBrief)];
  const signals = ['error_ratio', 'latency_p95', 'instances_up'] as const;
  for (const [n, signal] of signals.entries()) {
    const id = `c${n}`;
    const args = { service: 'service:checkout', signal, at: 1 };
    const normal = { median: 0.002, low: 0, high: 0.01 };
    const seen = { service: 'checkout', signal, now: 0.3, normal, state: 'high', since: 1, slope: 0 };
    const value = { ...seen, points: { from: 0, stepMs: 1, v: [0.3] } };
    items.push({ kind: 'reply', text: 'x'.repeat(50_000), calls: [{ id, tool: 'metrics_query', args }] });
    const call = CallId.parse(`e${n + 1}`);
    items.push({ kind: 'result', id, call, tool: 'metrics_query', outcome: 'ok', value, text: '' });
  }
  const view = createContext(items).view();
  expect(view.length).toBeLessThan(items.length);
  const report = await replyOf(model, 'monitor', { items: view, callsLeft: 1 });
  expect(report).toEqual(await replyOf(model, 'monitor', { items, callsLeft: 1 }));
  expect(JSON.stringify(report.calls)).toContain('"evidence":["e1"]');
});
