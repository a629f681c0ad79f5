import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { EntryDraft } from '#audit/log.ts';
import { ApprovalId, PersonId } from '#core/ids.ts';
import { aPresent, type Rig, request, type SlackState, say } from './a-present.ts';

const bob = PersonId.parse('bob');
const idOf = (number: number) => ApprovalId.parse(`A-${number}`);

type Step =
  | { readonly kind: 'facts'; readonly facts: () => readonly EntryDraft[] }
  | { readonly kind: 'pass'; readonly ms: number }
  | { readonly kind: 'slack'; readonly state: SlackState }
  | { readonly kind: 'restart' };

const number = fc.integer({ min: 10, max: 16 });
const facts = fc.oneof(
  number.map((one) => () => [request(one)]),
  number.map((one) => () => [say('approval.expired', { approval: idOf(one) })]),
  number.map((one) => () => [say('approval.reminded', { approval: idOf(one) })]),
  number.map((one) => () => [say('approval.rejected', { approval: idOf(one), by: bob, via: 'slack' })]),
  fc.constantFrom(
    () => [say('incident.taken', { by: bob })],
    () => [say('incident.paused', { on: true, by: bob })],
    () => [say('incident.paused', { on: false, by: bob })],
    () => [say('incident.escalated', { reason: 'inconclusive', missing: [] })],
    () => [say('rung.reached', { rung: 0, people: [bob], team: 'team-shop', reason: 'critical' })],
    () => [say('rung.reached', { rung: 1, people: [bob], team: 'team-shop', reason: 'nobody_answered' })],
    () => [say('incident.resolved', { resolution: 'by_hand', by: 'alice' })],
    () => [say('incident.reopened', { reason: 'same_alert' })],
  ),
);
const states = fc.constantFrom<SlackState>('up', 'up', 'down', 'refuses', 'hangs', 'arrives_unheard');
const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: facts.map((given) => ({ kind: 'facts', facts: given }) as const) },
    {
      weight: 4,
      arbitrary: fc.integer({ min: 1, max: 40_000 }).map((ms) => ({ kind: 'pass', ms }) as const),
    },
    { weight: 2, arbitrary: states.map((state) => ({ kind: 'slack', state }) as const) },
    { weight: 1, arbitrary: fc.constant({ kind: 'restart' } as const) },
  ),
  { minLength: 5, maxLength: 40 },
);

/** Lives one step; `rounds` notes how many messages stood there each time that it opened again. */
async function live(rig: Rig, step: Step, rounds: number[]): Promise<Rig> {
  switch (step.kind) {
    case 'facts': {
      const all = step.facts();
      await rig.append(...all);
      if (all.some(({ kind }) => kind === 'incident.reopened')) rounds.push(rig.slack.messages.length);
      return rig;
    }
    case 'pass':
      await rig.clock.advance(step.ms);
      return rig;
    case 'slack':
      rig.slack.state = step.state;
      return rig;
    case 'restart':
      return rig.restart();
  }
}

/** People called by name when the messages were posted. */
function called(messages: Rig['slack']['messages']): number {
  return JSON.stringify(messages.map(({ said }) => said[0]?.split('"blocks"')[1])).match(/<@/g)?.length ?? 0;
}

test('whatever happens, in the log, to Slack and to the process: six messages and two mentions in each round, slow edits, and in the end the truth', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (all) => {
      let rig = await aPresent();
      await rig.play('approval.requested');
      const rounds: number[] = [0];
      const mayDouble = all.some((step) => step.kind === 'slack' && step.state === 'arrives_unheard');
      for (const step of all) rig = await live(rig, step, rounds);
      rig.slack.state = 'up';
      await rig.clock.advance(32 * 60_000);
      const { messages, tries } = rig.slack;
      const cards = messages.filter((one) => one.what === 'card');
      const edits = tries.filter((one) => one.edit).map((one) => one.at);
      for (const [index, from] of rounds.entries()) {
        const round = messages.slice(from, rounds[index + 1]);
        expect(round.filter(({ what }) => what !== 'card').length).toBeLessThanOrEqual(6);
        expect(called(round)).toBeLessThanOrEqual(2);
      }
      expect(cards.length === 1 || mayDouble).toBe(true);
      for (const [index, at] of edits.slice(1).entries())
        expect(at - (edits[index] ?? 0)).toBeGreaterThanOrEqual(1000);
      expect(messages.filter((one) => one.what === 'anchor').every(({ said }) => said.length === 1)).toBe(
        true,
      );
      expect(rig.errors).toEqual([]);
      // Nothing is left to do: another start, which reads all from the log, finds Slack as it should be.
      const before = tries.length;
      rig = await rig.restart();
      await rig.clock.advance(60_000);
      expect(tries).toHaveLength(before);
      await rig.present.close();
    }),
    { numRuns: 150 },
  );
}, 120_000);
