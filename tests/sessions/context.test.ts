import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CallId } from '#core/ids.ts';
import type { Item, ModelCall } from '#llm/model.ts';
import { createContext, MAX_CONTEXT, whole } from '#sessions/context.ts';
import { briefItem } from '#sessions/items.ts';
import { MAX_SHOWN, shownText } from '#sessions/shown-text.ts';
import { monitorBrief } from './rig.ts';

const sizeOf = (items: readonly Item[]): number =>
  items.reduce(
    (sum, item) =>
      sum + (item.kind === 'reply' ? item.text.length + JSON.stringify(item.calls).length : item.text.length),
    0,
  );

type Step = {
  readonly looks: number;
  readonly chars: number;
  readonly says: number;
  readonly refused: boolean;
};

/** A reply and its results; the last of them is refused where the step says so. */
function pair(step: Step, number: number): Item[] {
  const calls = Array.from({ length: step.looks }, (_, at): ModelCall => {
    const args = { service: 'service:checkout', signal: 'error_ratio', at: 1 };
    return { id: `c${number}-${at}`, tool: 'metrics_query', args };
  });
  const results = calls.map(({ id, tool }, at): Item => {
    const isRefused = step.refused && at === step.looks - 1;
    const call = isRefused ? null : CallId.parse(`e${number * 20 + at + 1}`);
    const text = `told ${'x'.repeat(step.chars)}`;
    return { kind: 'result', id, call, tool, outcome: isRefused ? 'refused' : 'ok', value: { number }, text };
  });
  return [{ kind: 'reply', text: 'y'.repeat(step.says), calls }, ...results];
}

const steps = fc.array(
  fc.record({
    looks: fc.integer({ min: 0, max: 6 }),
    chars: fc.integer({ min: 0, max: 6_000 }),
    says: fc.constantFrom(0, 100, 20_000),
    refused: fc.boolean(),
  }),
  { minLength: 1, maxLength: 30 },
);

describe('what a model is sent of a long session', () => {
  test('is the transcript itself while it is short', () => {
    const items = [briefItem(monitorBrief)];
    const context = createContext(items);
    expect(context.view()).toBe(items);
    items.push(...pair({ looks: 2, chars: 10, says: 0, refused: false }, 1));
    expect(context.view()).toBe(items);
  });

  test('stays within bounds, is cut only between pairs, and names every evidence id', () => {
    fc.assert(
      fc.property(steps, (made) => {
        const items: Item[] = [briefItem(monitorBrief)];
        const context = createContext(items);
        made.forEach((step, number) => {
          const last = pair(step, number);
          items.push(...last);
          const view = context.view();
          const least = sizeOf(view.slice(0, 2)) + sizeOf(last);
          expect(sizeOf(view)).toBeLessThanOrEqual(Math.max(MAX_CONTEXT, least));
          const summary = view.find((item) => item.kind === 'input' && item.source === 'summary');
          expect(summary?.text.length ?? 0).toBeLessThan(15_000);
          expect(view[0]).toBe(items[0]);
          expect(view.slice(-last.length)).toEqual(last);
          const text = view.map((item) => (item.kind === 'result' ? item.call : item.text)).join('\n');
          for (const item of items)
            if (item.kind === 'result' && item.call !== null)
              expect(text).toMatch(new RegExp(`\\b${item.call}\\b`));
          const asked = view.flatMap((item) => (item.kind === 'reply' ? item.calls.map(({ id }) => id) : []));
          expect(view.flatMap((item) => (item.kind === 'result' ? [item.id] : []))).toEqual(asked);
        });
      }),
      { numRuns: 60 },
    );
  });

  test('is the same for a transcript that was rebuilt, and rules still see all of it', () => {
    fc.assert(
      fc.property(steps, (made) => {
        const items: Item[] = [briefItem(monitorBrief)];
        const context = createContext(items);
        made.forEach((step, number) => {
          context.view();
          items.push(...pair(step, number));
        });
        const view = context.view();
        expect(createContext(structuredClone(items)).view()).toEqual(view);
        expect(whole(view)).toEqual(items);
      }),
      { numRuns: 60 },
    );
  });

  test('keeps its objects from one turn to the next, but where it is cut', () => {
    const items: Item[] = [briefItem(monitorBrief)];
    const context = createContext(items);
    let cuts = 0;
    for (let number = 0; number < 60; number += 1) {
      const before = [...context.view()];
      items.push(...pair({ looks: 3, chars: 3_000, says: 10, refused: false }, number));
      const after = context.view();
      if (before.some((item, at) => item !== after[at])) cuts += 1;
    }
    expect(cuts).toBeGreaterThan(3);
    expect(cuts).toBeLessThan(12);
  });

  test('holds nothing that a tool or a model said in what was shortened', () => {
    const items: Item[] = [briefItem(monitorBrief)];
    for (let number = 0; number < 60; number += 1)
      items.push(...pair({ looks: 3, chars: 3_000, says: 10, refused: true }, number));
    const [, summary] = createContext(items).view();
    expect(summary).toMatchObject({ kind: 'input', source: 'summary', value: null });
    expect(summary?.text).toContain('e1 metrics_query service:checkout error_ratio: ok');
    expect(summary?.text).toMatch(/^\d+ x calls refused$/m);
    expect(summary?.text).not.toMatch(/xx|yy|told/);
  });
});

test('a long result is shown by its beginning and how to read on', () => {
  const call = CallId.parse('e7');
  const shown = shownText('a'.repeat(10_000), call);
  expect(shown.length).toBeLessThanOrEqual(MAX_SHOWN);
  expect(shown).toMatch(
    /^a{3850}\n\(characters 3850 to 10000 are left out; evidence_read of e7 from 3850 goes on\)$/,
  );
  expect(shownText('a'.repeat(MAX_SHOWN), call)).toBe('a'.repeat(MAX_SHOWN));
  expect(shownText('a'.repeat(10_000), null)).not.toContain('evidence_read');
});
