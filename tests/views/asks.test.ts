import { expect, test } from 'vitest';
import { PersonId } from '#core/ids.ts';
import { incidentCard } from '#views/incident-card.ts';
import { renderIncident } from '#views/incident-text.ts';
import { asksWords } from '#views/next-step.ts';
import { painter } from '#views/table.ts';
import { T0 } from './a-plan.ts';
import { storyEntries } from './a-story.ts';

test('who is asked next is one name, or one and how many more; a name is harmless', () => {
  expect(asksWords({ people: ['Bob'], at: 0 })).toBe('nobody answers -> ask Bob');
  expect(asksWords({ people: ['Bob', 'Eve', 'Al'], at: 0 })).toBe('nobody answers -> ask Bob and 2 more');
  expect(asksWords({ people: ['B\u001b[2Jb'], at: 0 })).toBe('nobody answers -> ask B\\x1b[2Jb');
});

test('the terminal says who is asked next and when, as long as the incident is open', () => {
  const card = incidentCard(storyEntries('approval.requested'), 'UTC');
  if (card === undefined) throw new Error('no card');
  const screen = { now: T0 + 60_000, zone: 'UTC', paint: painter(false) };
  const text = (asks: typeof card.asks) =>
    renderIncident({ ...card, asks }, screen)
      .join(' ')
      .replace(/\s+/g, ' ');
  expect(text({ people: ['Bob'], at: T0 + 7 * 60_000 })).toContain('; nobody answers -> ask Bob at 03:19');
  expect(text(null)).not.toContain('-> ask');
});

test('whose turn it became, and why, is in the timeline', () => {
  const entries = storyEntries('approval.requested');
  const last = entries.at(-1);
  if (last === undefined) throw new Error('no entries');
  const body = { rung: 1, people: [PersonId.parse('bob')], team: 'team-shop', reason: 'nobody_answered' };
  const asked = { ...last, seq: last.seq + 1, kind: 'rung.reached', body, payloads: [] };
  const line = incidentCard([...entries, asked], 'UTC')?.timeline.at(-1);
  expect(line?.what).toBe('it is now up to bob: nobody answered');
});
