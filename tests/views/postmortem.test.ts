import { expect, test } from 'vitest';
import { PersonId, ServiceId } from '#core/ids.ts';
import { handoverNotes } from '#views/handover.ts';
import { incidentCard } from '#views/incident-card.ts';
import { postmortem } from '#views/postmortem.ts';
import { storyEntries } from './a-story.ts';

const draft = (entries: ReturnType<typeof storyEntries>) => postmortem(entries, 'UTC') ?? [];

test('every line about the incident names entries that exist and that are of it', () => {
  const entries = storyEntries();
  const known = new Set(entries.map(({ seq }) => seq));
  const lines = draft(entries).filter((line) => line.startsWith('- ') && line !== '- None in the log.');
  for (const line of lines) {
    const cited = [...line.matchAll(/#(\d+)/g)].map(([, seq]) => Number(seq));
    expect(cited.length, line).toBeGreaterThan(0);
    for (const seq of cited) expect(known.has(seq), line).toBe(true);
  }
});

test('it says when it began and ended, what the cause was, what was changed, and leaves the why to people', () => {
  const text = draft(storyEntries()).join('\n');
  for (const part of [
    'Ended ',
    'Cause: bad deploy of checkout',
    '## What was changed\n- A-3 ',
    '## What made it possible',
  ])
    expect(text).toContain(part);
  expect(draft(storyEntries('approval.approved')).join('\n')).toContain('Not over yet');
});

test('lines cite the report that they rest on, whatever was looked at later elsewhere', () => {
  const entries = storyEntries();
  const lineOf = (lines: readonly string[], begin: string) => lines.find((line) => line.startsWith(begin));
  const before = draft(entries);
  const reportOf = (role: string) =>
    entries.findLast(({ kind, body }) => kind === 'run.settled' && body.role === role);
  const monitor = reportOf('monitor');
  const diagnosis = reportOf('diagnosis');
  const last = entries.at(-1);
  if (monitor === undefined || diagnosis === undefined || last === undefined) throw new Error('no reports');
  const report = {
    role: 'monitor',
    verdict: 'healthy',
    signal: { service: 'inventory', name: 'error_ratio', low: '0', high: '0.1' },
    since: null,
    findings: [],
  };
  const session = 'agent:monitor:subagent:9';
  const later = [{ ...monitor, seq: last.seq + 1, body: { ...monitor.body, session, report } }];
  const lines = draft([...entries, ...later]);
  for (const begin of ['- Began ', '- errors of checkout', '- Cause: '])
    expect(lineOf(lines, begin)).toBe(lineOf(before, begin));
  expect(lineOf(lines, '- Began ')).toContain(`(#${monitor.seq})`);
  expect(lineOf(lines, '- Cause: ')).toContain(`(#${diagnosis.seq})`);
  const open = storyEntries('approval.approved');
  expect(lineOf(draft(open), '- Not over yet')).toContain(`#${open.at(-1)?.seq} is its last entry`);
});

test('a verdict of a person stands in it with its entry', () => {
  const entries = storyEntries();
  const last = entries.at(-1);
  if (last === undefined) throw new Error('no story');
  const by = PersonId.parse('bob');
  const body = { by, right: false, cause: 'overload', service: ServiceId.parse('checkout') };
  const said = { ...last, seq: last.seq + 1, kind: 'verdict.given', body, payloads: [] };
  const lines = draft([...entries, said]);
  const card = incidentCard([...entries, said], 'UTC');
  expect(card?.said).toEqual([]);
  expect(card?.cause?.verdict).toBe('wrong, says bob: overload of checkout');
  expect(lines).toContain(`- the named cause is wrong, says bob: it was overload of checkout (#${said.seq})`);
});

test('foreign words in it are no links, pictures, headings or HTML of Markdown', () => {
  const entries = storyEntries().map((entry) =>
    entry.kind === 'incident.opened' && typeof entry.body.alert === 'object'
      ? {
          ...entry,
          body: { ...entry.body, alert: { ...entry.body.alert, name: '![x](http://evil/a.png) <b>@all' } },
        }
      : entry,
  );
  const text = draft(entries).join('\n');
  expect(text).toContain('evil');
  expect(text).not.toMatch(/(?<!\\)[<>]|(?<!\\)!\[|http:\/\/|(?<!\\)@all/);
});

test('entries that open no incident give none', () => {
  expect(postmortem(storyEntries().slice(1, 2), 'UTC')).toBeUndefined();
});

test('whoever takes over is told state, cause, what was ruled out, what waits and what comes next', () => {
  const card = incidentCard(storyEntries(), 'UTC');
  if (card === undefined) throw new Error('no card');
  const notes = handoverNotes(card, { approvals: [], zone: 'UTC' });
  expect(notes.map(({ label }) => label)).toEqual([
    ...[
      'State',
      'Wrong',
      'Cause',
      'Ruled out',
      'Could not see',
      'Waits for a decision',
      'Being watched',
      'Next',
    ],
  ]);
  expect(notes.every(({ text }) => text !== '')).toBe(true);
});
