import fc from 'fast-check';
import { expect, test } from 'vitest';
import { mayApprove, owns } from '#approvals/people.ts';
import { PolicyFold } from '#approvals/policy-fold.ts';
import { modeAllowed, type Terms } from '#approvals/policy-standing.ts';
import { openMemoryLog } from '#audit/memory-log.ts';
import { realRandom } from '#core/clock.ts';
import { PersonId, ServiceId } from '#core/ids.ts';
import { acceptPolicy, policyAnswer } from '#server/api-policy.ts';
import { createPolicyInForce } from '#server/policy-in-force.ts';
import { aPerson } from '../approvals/a-gate.ts';
import { anyTerms, someTerms, type TermsSaid } from '../approvals/policy-terms.ts';
import { FakeClock } from '../fakes/fake-clock.ts';

const checkout = ServiceId.parse('checkout');
const olga = aPerson('olga', ['owner'], ['team-shop']);
const alice = aPerson('alice');
const bob = aPerson('bob');
const observe = { services: { checkout: { mode: 'observe' } }, people: [alice, olga] } as const;
const act = { services: { checkout: { mode: 'act' } }, people: [alice, olga] } as const;

/** One log, and starts of a server over it. */
async function aLog() {
  const fold = new PolicyFold();
  const log = await openMemoryLog({ clock: new FakeClock(), random: realRandom, folds: [fold] });
  const start = async (said: TermsSaid | Terms) => {
    const terms = 'policy' in said ? said : someTerms(said);
    const inForce = await createPolicyInForce({ terms, fold, log });
    const live: Terms = { ...terms, policy: inForce.policy, people: inForce.people };
    return {
      inForce,
      mode: () => modeAllowed(live, checkout, { tool: 'service_restart', cell: 'service_restart' }),
      person: (id: string) => inForce.people.get(PersonId.parse(id)),
    };
  };
  const kinds = async () => {
    const entries = await Array.fromAsync(log.read(0));
    return entries.flatMap(({ kind, body }) =>
      kind === 'policy.accepted' ? [`${body.why} ${body.by}`] : [],
    );
  };
  return { log, start, kinds };
}

test('the first config of a log counts as it is', async () => {
  const { start, kinds } = await aLog();
  const { inForce, mode } = await start(act);
  expect([mode(), inForce.waiting()]).toEqual(['act', { answers: [], people: [] }]);
  expect(await kinds()).toEqual(['first null']);
});

test('a mode that was raised does not count until an owner accepts it, and then at once', async () => {
  const { log, start, kinds } = await aLog();
  await start(observe);
  const { inForce, mode } = await start(act);
  expect(mode()).toBe('observe');
  expect(inForce.waiting().answers.map(({ tool }) => tool)).toEqual([
    'alert_silence',
    'node_cordon',
    'service_restart',
    'service_rollback',
    'service_scale',
  ]);
  const request = { standing: inForce.loaded };
  expect(await acceptPolicy({ inForce, log }, alice, request)).toMatchObject({ status: 403 });
  expect(mode()).toBe('observe');
  expect(await acceptPolicy({ inForce, log }, olga, request)).toMatchObject({ status: 200 });
  expect(mode()).toBe('act');
  expect(policyAnswer(inForce)).toMatchObject({ body: { answers: [], people: [] } });
  expect(await kinds()).toEqual(['first null', 'owner olga']);
  expect((await start(act)).mode()).toBe('act');
});

test('a no to somebody who accepts without being an owner is in the log', async () => {
  const { log, start } = await aLog();
  await start(observe);
  const { inForce } = await start(act);
  await acceptPolicy({ inForce, log }, alice, { standing: inForce.loaded });
  const last = (await Array.fromAsync(log.read(0))).at(-1);
  expect(last).toMatchObject({
    kind: 'request.refused',
    body: { by: 'alice', what: 'accept_policy', reason: 'not_allowed' },
  });
});

test('an owner accepts exactly what was shown: another config is refused', async () => {
  const { log, start } = await aLog();
  const shown = (await start(observe)).inForce.loaded;
  const { inForce, mode } = await start(act);
  expect(await acceptPolicy({ inForce, log }, olga, { standing: shown })).toMatchObject({ status: 409 });
  expect(mode()).toBe('observe');
});

test('what a config takes away ends at once, and must be accepted when it comes back', async () => {
  const { start, kinds } = await aLog();
  await start(act);
  const { inForce, mode } = await start(observe);
  expect([mode(), inForce.waiting()]).toEqual(['observe', { answers: [], people: [] }]);
  expect((await start(act)).mode()).toBe('observe');
  expect(await kinds()).toEqual(['first null', 'narrower null']);
});

test('a person who was given a say has none until an owner accepts it, and keeps what has nothing to do with it', async () => {
  const { log, start } = await aLog();
  await start(act);
  const added = aPerson('bob', ['approver', 'responder', 'owner'], ['team-shop']);
  const { inForce, person } = await start({ ...act, people: [alice, olga, added] });
  expect(person('bob')).toMatchObject({ roles: ['responder'] });
  expect(inForce.mayAccept(added.id)).toBe(false);
  expect(inForce.waiting().people).toMatchObject([{ person: 'bob', before: null }]);
  await acceptPolicy({ inForce, log }, olga, { standing: inForce.loaded });
  expect(person('bob')?.roles.toSorted()).toEqual(['approver', 'owner', 'responder']);
});

test('an owner who becomes an approver still approves, without a step', async () => {
  const { start } = await aLog();
  await start(act);
  const { inForce, person } = await start({ ...act, people: [alice, aPerson('olga', ['approver'])] });
  expect(person('olga')).toMatchObject({ roles: ['approver'] });
  expect(inForce.waiting()).toEqual({ answers: [], people: [] });
});

test('a service that another team owns now waits for an owner', async () => {
  const { start } = await aLog();
  await start(act);
  const moved = {
    services: { checkout: { mode: 'act', owner: 'team-pay' } },
    people: [alice, olga],
  } as const;
  expect((await start(moved)).mode()).toBe('observe');
});

test('when no owner that was accepted is left, the owners of the config accept', async () => {
  const { log, start } = await aLog();
  await start(observe);
  const heir = aPerson('hana', ['owner'], ['team-shop']);
  const { inForce, mode } = await start({ ...act, people: [bob, heir] });
  expect([inForce.mayAccept(heir.id), inForce.mayAccept(bob.id)]).toEqual([true, false]);
  await acceptPolicy({ inForce, log }, heir, { standing: inForce.loaded });
  expect(mode()).toBe('act');
});

test('whatever configs follow each other, nothing counts that the last one does not allow or that nobody accepted', async () => {
  await fc.assert(
    fc.asyncProperty(anyTerms, anyTerms, async (first, second) => {
      const { start } = await aLog();
      await start(first);
      const { inForce } = await start(second);
      const live: Terms = { ...second, policy: inForce.policy, people: inForce.people };
      for (const { id } of second.inventory.services.values()) {
        for (const tool of ['service_restart', 'service_scale']) {
          const far = reach(live, id, tool);
          expect(far).toBeLessThanOrEqual(Math.min(reach(first, id, tool), reach(second, id, tool)));
        }
      }
      for (const [id, person] of inForce.people) {
        const [was, is] = [first.people.get(id), second.people.get(id)];
        expect(mayApprove(person)).toBe(
          was !== undefined && is !== undefined && mayApprove(was) && mayApprove(is),
        );
        for (const team of ['team-shop', 'team-pay'])
          expect(owns(person, team)).toBe(
            was !== undefined && is !== undefined && owns(was, team) && owns(is, team),
          );
      }
    }),
    { numRuns: 200 },
  );
});

function reach(terms: Terms, service: ServiceId, tool: string): number {
  return ['observe', 'propose', 'act'].indexOf(modeAllowed(terms, service, { tool, cell: tool }));
}
