import fc from 'fast-check';
import { expect, test } from 'vitest';
import { IncidentId } from '#core/ids.ts';
import { type IncidentDrawn, incidentMessage } from '#slack/cards/incident.ts';
import { readButton } from '#slack/cards/values.ts';
import { type CardFace, incidentCard } from '#views/incident-card.ts';
import { T0 } from '../../views/a-plan.ts';
import { storyEntries } from '../../views/a-story.ts';
import { actionsOf, blockTexts, buttonsOf, overLimits, specials, textsOf, withoutOurs } from './limits.ts';

const drawn: IncidentDrawn = {
  zone: 'UTC',
  step: null,
  again: false,
  noRoom: [],
  called: [],
  elsewhere: false,
  stopped: null,
};

function face(until?: Parameters<typeof storyEntries>[0], over: Partial<CardFace> = {}): CardFace {
  const card = incidentCard(storyEntries(until), 'UTC');
  if (card === undefined) throw new Error('no card');
  return { ...card, ...over };
}

/** Lines as a reader sees them whose Slack does not write times itself. */
function lines(one: CardFace, facts: Partial<IncidentDrawn> = {}): string[] {
  const { blocks } = incidentMessage(one, { ...drawn, ...facts });
  return blockTexts(blocks)
    .join('\n')
    .replace(/<!date\^\d+\^[^|]+\|([^>]+)>/g, '$1')
    .split('\n');
}

test('the card answers first, then says why, what is next, who has it and how to stop it', () => {
  expect(lines(face('approval.approved'))).toEqual([
    '*INC-1 HighErrorRate checkout*',
    'critical - identified - started 03:12 (2026-01-05 03:12 +00:00)',
    'errors of checkout 31 % (normal 0.2 %) `e3`',
    '*Cause:* bad deploy of checkout (0.86), likely - for `e3` `e7` `e8` - against none',
    'Ruled out: overload of checkout (e6)',
    'Could not see: latency (p95) of inventory, runbook_search checkout (timeout)',
    '`A-3` Roll back checkout v42 → v41 in demo: waits for a decision (03:12)',
    expect.stringMatching(/^\*Next:\* waits for a decision on A-3.*03:27\)$/),
    'rules only, 0 model calls, $0.00 - mode act in demo',
    'owner team-shop, nobody has said that they have it',
    "I've got it",
    'Pause',
    'Wrong cause',
    '_next update when someone decides, at the latest 03:27_',
  ]);
});

test('its time is written by each reader’s Slack, so that it stays true without being drawn again', () => {
  const { blocks } = incidentMessage(face('approval.approved'), drawn);
  const began = (T0 + 2_000) / 1000;
  expect(blockTexts(blocks)[0]).toContain(
    `started <!date^${began}^{ago}|03:12> (<!date^${began}^{date_short_pretty} {time}|2026-01-05 03:12 +00:00>)`,
  );
});

test('where more than one alert is behind it, the card says why each belongs to it', () => {
  const alerts = [
    'HighErrorRate checkout (opened it)',
    'HighLatency gateway (joined: same service, cleared)',
  ];
  expect(lines(face('approval.approved', { alerts }))).toContain(
    'Alerts: HighErrorRate checkout (opened it), HighLatency gateway (joined: same service, cleared)',
  );
});

test('what a person says of the cause stands beside it, and what holds changes back above what is next', () => {
  const known = face('approval.approved');
  if (known.cause === null) throw new Error('no cause');
  const cause = { ...known.cause, verdict: 'wrong, says alice: overload of inventory' };
  expect(lines({ ...known, cause })).toContain(
    '*Cause:* bad deploy of checkout (0.86), likely - *wrong, says alice: overload of inventory* - for `e3` `e7` `e8` - against none',
  );
  const held = lines(known, { stopped: 'Everything is off since 11:20 (alice).' });
  expect(held.indexOf('*Everything is off since 11:20 (alice).*')).toBe(
    held.findIndex((line) => line.startsWith('*Next:*')) - 1,
  );
});

test('an earlier incident stands below the cause, with when it was and what helped', () => {
  const before = {
    incident: 'INC-7',
    at: T0 - 3 * 24 * 3_600_000,
    text: 'bad deploy of checkout, rollback helped',
  };
  const shown = lines(face('approval.approved', { before }));
  const at = shown.findIndex((line) => line.startsWith('*Cause:*'));
  expect(shown[at + 1]).toMatch(
    /^Seen before: `INC-7` .*2026-01-02.*, bad deploy of checkout, rollback helped$/,
  );
  expect(lines(face('approval.approved')).join()).not.toContain('Seen before');
});

test('what is not known is said, and there is no cause to call wrong', () => {
  const one = face('tool.intended');
  expect(lines(one)).toContain('*Cause:* not known yet');
  expect(actionsOf(incidentMessage(one, drawn).blocks)).toEqual(['pressed:take', 'pressed:pause']);
});

test('the last line names who works, since when, and when there is news', () => {
  const step = { role: 'diagnosis', since: T0 + 20_000, until: T0 + 320_000 } as const;
  expect(lines(face('tool.intended'), { step }).at(-1)).toBe(
    '_diagnosis works, began at 03:12 - next update by 03:17_',
  );
});

test('who took it is named, and nobody is asked to take it again', () => {
  const one = face('approval.approved', { takenBy: 'alice' });
  expect(lines(one)).toContain('owner team-shop, alice has it');
  expect(actionsOf(incidentMessage(one, drawn).blocks)).not.toContain('pressed:take');
});

test('a paused one says who paused it and offers to go on', () => {
  const one = face('approval.approved', { paused: 'bob' });
  expect(lines(one)).toContain('*Next:* nothing, bob paused it; it goes on when somebody presses Resume');
  const actions = actionsOf(incidentMessage(one, drawn).blocks);
  expect(actions).toContain('pressed:resume');
  expect(actions).not.toContain('pressed:pause');
});

test('a closed one says how it ended and offers the postmortem', () => {
  const one = face();
  expect(lines(one)).toContainEqual(
    expect.stringMatching(/^\*Ended\* 03:12: recovered, by firebreak\. Next: /),
  );
  expect(actionsOf(incidentMessage(one, drawn).blocks)).toEqual([
    'pressed:postmortem',
    'pressed:wrong_cause',
  ]);
});

test('what a notification shows is which incident, how bad, and how it stands', () => {
  expect(incidentMessage(face('approval.approved'), drawn).text).toBe(
    'INC-1 HighErrorRate checkout: critical, identified',
  );
});

test('its buttons say nothing but which incident', () => {
  for (const { action, value } of buttonsOf(incidentMessage(face('approval.approved'), drawn).blocks)) {
    expect(JSON.parse(value)).toEqual({ incident: 'INC-1' });
    expect(readButton(action, value)).toMatchObject({ kind: 'incident', incident: 'INC-1', detail: null });
  }
});

test('a button that is none of ours, or was changed on the way, means nothing', () => {
  const hash = 'ab'.repeat(32);
  for (const [action, value] of [
    ['decision:approve', '{"approval":"A-3"}'],
    ['decision:approve', `{"approval":"A-3","hash":"${hash}","by":"alice"}`],
    ['decision:approve', `{"approval":"A-0","hash":"${hash}"}`],
    ['decision:maybe', `{"approval":"A-3","hash":"${hash}"}`],
    ['pressed:take', '{"incident":"INC-1","detail":7}'],
    ['pressed:approve', '{"incident":"INC-1"}'],
    ['pressed:take', 'INC-1'],
    ['pressed:take', '[]'],
    ['take', '{"incident":"INC-1"}'],
  ] as const)
    expect(readButton(action, value), `${action} ${value}`).toBeUndefined();
  fc.assert(
    fc.property(fc.string(), fc.oneof(fc.string(), fc.json()), (action, value) => {
      expect(readButton(action, value)).toBeUndefined();
    }),
  );
});

const foreign = fc.oneof(
  fc.string({ unit: fc.constantFrom(...'<>&*_~`@#!:|^ab .\n-/'), maxLength: 80 }),
  fc.constantFrom('<!channel>', '<@U0ALL>', '<https://a.example|b>', '&lt;!here&gt;', '```', '> q'),
  fc.string({ unit: 'binary', maxLength: 400 }),
);
const many = fc.array(foreign, { maxLength: 60 });
const faces = fc
  .record({
    ...{ title: foreign, environment: foreign, owner: foreign, outcome: foreign, notSeen: many },
    ruledOut: many,
    rules: fc.option(foreign),
    before: fc.option(fc.record({ incident: foreign, at: fc.constant(T0), text: foreign })),
    takenBy: fc.option(foreign),
    paused: fc.option(foreign),
    alerts: many,
    wrong: fc.array(fc.record({ text: foreign, evidence: many }), { maxLength: 30 }),
    elsewhere: fc.array(fc.record({ text: foreign, evidence: many }), { maxLength: 30 }),
    cause: fc.option(
      fc.record({ word: foreign, text: foreign, for: many, against: many, verdict: fc.option(foreign) }),
    ),
    changes: fc.array(
      fc.record({
        ...{ approval: foreign, title: foreign, became: foreign, by: many },
        at: fc.constant(T0),
      }),
      { maxLength: 30 },
    ),
    escalated: fc.option(fc.record({ why: foreign, missing: many, at: fc.constant(T0) })),
    resolved: fc.option(fc.record({ how: foreign, by: foreign, at: fc.constant(T0) })),
    next: fc.record({ text: foreign, until: fc.option(fc.constant(T0)) }),
  })
  .map((over) => ({ ...face('approval.approved'), id: IncidentId.parse('INC-1'), ...over }));

test('any incident fits into what Slack takes, and nothing foreign in it means anything to Slack', () => {
  fc.assert(
    fc.property(faces, fc.boolean(), (one, again) => {
      const message = incidentMessage(one, { ...drawn, again });
      expect(overLimits(message)).toEqual([]);
      for (const text of textsOf(message)) expect(specials(withoutOurs(text))).toEqual([]);
    }),
  );
});
