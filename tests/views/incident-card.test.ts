import { expect, test } from 'vitest';
import { IncidentFold } from '#incidents/incident-fold.ts';
import { incidentCard } from '#views/incident-card.ts';
import { incidentRow, renderIncidentList } from '#views/incident-list.ts';
import { renderIncident } from '#views/incident-text.ts';
import { painter } from '#views/table.ts';
import { T0 } from './a-plan.ts';
import { storyEntries } from './a-story.ts';

const screen = { now: T0 + 8 * 60_000, zone: 'Europe/Berlin', paint: painter(false) };

function head(until?: Parameters<typeof storyEntries>[0]): string[] {
  const card = incidentCard(storyEntries(until), screen.zone);
  if (card === undefined) throw new Error('no card');
  const lines = renderIncident(card, screen);
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
  return lines.slice(0, lines.indexOf(''));
}

test('a proposal that waits says what happens if nobody answers', () => {
  expect(head('approval.approved')).toEqual([
    'INC-1  HighErrorRate checkout',
    '  state    critical, identified',
    '  since    7 min ago (04:12)',
    '  wrong    errors of checkout 31 % (normal 0.2 %) e3',
    '  cause    likely: bad deploy of checkout (0.86)  for e3 e7 e8  against none',
    '  not      overload of checkout (e6)',
    '  unseen   latency (p95) of inventory, runbook_search checkout (timeout)',
    '  changes  A-3 Roll back checkout v42 -> v41 in demo: waits for a decision',
    '           (04:12)',
    '  owner    team-shop, nobody has said that they have it',
    '  mode     act in demo; rules only, 0 model calls, $0.00',
    '  next     waits for a decision on A-3; nobody answers -> nothing is done and',
    '           people are asked (at 04:27)',
  ]);
});

test('where the rules would have named a cause that the agent does not, both are shown, and dropped claims are counted', () => {
  const entries = storyEntries().map((entry) => {
    const report: unknown = entry.kind === 'run.settled' ? entry.body.report : null;
    const { role }: { role?: unknown } = Object(report);
    if (role !== 'diagnosis') return entry;
    const rulesFirst = { outcome: 'likely', cause: 'overload', service: 'checkout', confidence: 74 };
    const said = { ...Object(report), outcome: 'inconclusive', deploy: null, rulesFirst };
    return { ...entry, body: { ...entry.body, report: said, droppedClaims: 2 } };
  });
  const card = incidentCard(entries, screen.zone);
  expect(card).toMatchObject({
    droppedClaims: 2,
    rules: expect.stringMatching(/^rules would say: likely, /),
  });
  const text = card === undefined ? '' : renderIncident(card, screen).join('\n');
  expect(text).toMatch(
    /cause {4}not clear: bad deploy of checkout .*\n(?:.*\n)?.*rules would say: likely, overload of checkout \(0\.74\)/,
  );
  expect(text).toContain('2 claims dropped: the evidence does not show them');
});

test('a monitor that nothing answered has seen nothing, and that is said', () => {
  const entries = storyEntries('approval.requested').filter(
    ({ kind, body }) => kind !== 'run.settled' || body.role === 'monitor',
  );
  const blind = entries.map((entry) => {
    const about = { service: 'service:checkout', severity: 'critical', about: null, startedAt: T0 };
    if (entry.kind === 'session.spawned')
      return { ...entry, body: { ...entry.body, brief: { role: 'monitor', ...about } } };
    if (entry.kind !== 'run.settled') return entry;
    const report = { role: 'monitor', verdict: 'unclear', signal: null, since: null, findings: [] };
    return { ...entry, body: { ...entry.body, report } };
  });
  const card = incidentCard(blind, screen.zone);
  if (card === undefined) throw new Error('no card');
  const text = renderIncident(card, screen).join(' ').replace(/\s+/g, ' ');
  expect(text).toContain('wrong nothing that could be seen');
  expect(text).toContain('unseen any signal of checkout (nothing is configured that shows one');
});

test('what is not known yet is said', () => {
  const text = head('session.spawned').join('\n');
  expect(text).toContain('when the page came');
  expect(text).toContain('wrong    not looked at yet');
  expect(text).toContain('cause    not known');
  expect(text).toContain('changes  nothing was changed');
});

test('an ended incident says how it ended, by whom, and who approved', () => {
  const text = head().join('\n');
  expect(text).toContain('ended    04:12, recovered, by firebreak');
  expect(text).toContain('done and verified (04:12),\n           approved by alice');
});

test('entries that open no incident give no card', () => {
  expect(incidentCard(storyEntries().slice(1), 'UTC')).toBeUndefined();
});

test('a card is plain data that survives JSON', () => {
  const card = incidentCard(storyEntries(), 'UTC');
  expect(JSON.parse(JSON.stringify(card))).toEqual(card);
});

test('the list shows open incidents first and hostile names inertly', () => {
  const fold = new IncidentFold();
  for (const entry of storyEntries()) fold.apply(entry);
  const rows = fold.current().map(incidentRow);
  const open = rows.map((row) => ({ ...row, id: 'INC-2', open: true, endedAt: null, title: 'x' }));
  const lines = renderIncidentList([...rows, ...open], screen);
  expect(lines[1]).toMatch(/^INC-2 /);
  expect(lines[2]).toMatch(/^INC-1 +recovered/);
  expect(renderIncidentList([], screen)).toEqual(['no incidents']);
});

/** The story with a look into the log in place of its first look at deployments. */
function withHistory(facts: object) {
  const entries = storyEntries('approval.requested').map((entry) => {
    if (entry.body.call !== 'e7') return entry;
    const body = { ...entry.body, tool: 'incident_history' };
    return entry.kind === 'tool.finished'
      ? { ...entry, body: { ...body, facts: JSON.parse(JSON.stringify(facts)) } }
      : { ...entry, body };
  });
  const card = incidentCard(entries, screen.zone);
  if (card === undefined) throw new Error('no card');
  return { before: card.before, text: renderIncident(card, screen).join('\n') };
}

test('an earlier incident is told in one line, with what helped then', () => {
  const last = { last: 'INC-7', at: T0 - 3 * 24 * 3_600_000, cause: 'bad_deploy', causeService: 'checkout' };
  const facts = { service: 'checkout', incidents: 2, ...last, tool: 'service_rollback' };
  const { text, before } = withHistory({ ...facts, outcome: 'helped' });
  expect(before).toMatchObject({ incident: 'INC-7', text: 'bad deploy of checkout, rollback helped' });
  expect(text).toMatch(/before {3}INC-7, 3 d .*ago .*: bad deploy of checkout,\s+rollback\s+helped/);
  expect(text).toMatch(/incident_history checkout +e7 +2 before, last INC-7/);
  expect(withHistory({ ...facts, outcome: 'undone' }).text).toMatch(
    /rollback\s+did\s+not\s+help\s+and\s+was\s+undone/,
  );
  const none = withHistory({ service: 'checkout', incidents: 0 });
  expect([none.before, none.text.includes('none before')]).toEqual([null, true]);
  // Foreign words in place of an id or of a closed word are no earlier incident.
  expect(withHistory({ ...facts, last: 'INC-7\u001b[2J <@U1>' }).before).toBeNull();
  expect(withHistory({ ...facts, outcome: 'restart everything' }).before).toBeNull();
});
