import { expect, test } from 'vitest';
import { z } from 'zod';
import { createForms } from '#server/forms.ts';
import { asked, bob, INC1, people } from './acts/a-shift.ts';

const Blocks = z.array(
  z.looseObject({
    type: z.literal('input'),
    element: z.looseObject({
      type: z.literal('static_select'),
      options: z.array(z.looseObject({ value: z.string() })),
      initial_option: z.unknown().optional(),
    }),
  }),
);

test('the form for a wrong cause offers what can be named here, the service of the cause first, and chooses nothing itself', async () => {
  const run = await asked();
  const { modal } = createForms({ gate: { ...run.firebreak.gate, people }, zone: 'UTC' });
  const view = modal({
    who: { team: 'T1', user: 'UBOB', person: bob.id },
    place: { team: 'T1', channel: 'C1', thread: '1.1' },
    on: { kind: 'incident', verb: 'wrong_cause', incident: INC1, detail: null },
  });
  const lists = Blocks.parse(view?.blocks).map(({ element }) => element);
  const [causes, services] = lists.map(({ options }) => options.map(({ value }) => value));
  expect(causes).toEqual(['bad_deploy', 'memory_leak', 'stuck_pool', 'instance_down', 'overload']);
  expect(services?.[0]).toBe('checkout');
  expect(services).toHaveLength(run.shop.inventory.services.size);
  expect(lists.every((list) => list.initial_option === undefined)).toBe(true);
});
