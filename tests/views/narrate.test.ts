import { expect, test } from 'vitest';
import type { Entry } from '#audit/log.ts';
import { storyText } from '#views/story.ts';
import { painter } from '#views/table.ts';
import { createNarrator, timelineOf } from '#views/timeline.ts';
import { story, storyEntries } from './a-story.ts';

const drawn = { zone: 'UTC', paint: painter(false) };

function tell(entries: readonly Entry[]): string[] {
  const narrator = createNarrator('UTC');
  return entries.flatMap((entry) => narrator.tell(entry)).flatMap((line) => storyText(line, drawn));
}

/** One more entry behind those of the story. */
function after(kind: string, body: Entry['body']): string[] {
  const entries = storyEntries();
  const last = entries.at(-1);
  if (last === undefined) throw new Error('the story is empty');
  const before = tell(entries).length;
  return tell([...entries, { ...last, seq: last.seq + 1, kind, body }]).slice(before);
}

/** A post in Slack that was made behind the story. */
function posted(args: Entry['body']): string[] {
  const entries = storyEntries();
  const before = tell(entries).length;
  const intent = entries.findLast(({ kind, body }) => kind === 'tool.intended' && body.approval === null);
  if (intent === undefined) throw new Error('nothing was called');
  const call = { tool: 'slack_post', call: 'e90' };
  const body = {
    ...intent.body,
    ...call,
    tier: 'R1',
    phase: 'run',
    args: { channel: 'C1', thread: null, ...args },
  };
  const done = { ...call, outcome: 'ok', reason: null, exitCode: null, durationMs: 5, facts: null };
  return tell([
    ...entries,
    { ...intent, seq: 900, body },
    { ...intent, seq: 901, kind: 'tool.finished', body: done },
  ]).slice(before);
}

test('a rung is a turn; that somebody was called is told by the receipt of the call alone', () => {
  const rung = { rung: 1, people: ['bob', 'carol'], team: 'team-shop', reason: 'nobody_answered' };
  expect(after('rung.reached', rung).join()).toMatch(/it is now up to bob, carol: nobody answered$/);
  expect(after('rung.reached', { ...rung, people: [] }).join()).toContain(
    'it is now up to the channel of team-shop',
  );
  const notice = { what: 'notice', about: 'rung-1-5', edit: null };
  expect(posted({ ...notice, mentions: 1 }).join()).toMatch(/slack +1 person called by name/);
  expect(posted({ ...notice, edit: '1.2', mentions: 0 }).join()).toContain('could not call anybody by name');
  expect(posted({ what: 'card', about: null, edit: null, mentions: 1 }).join()).toContain('1 person called');
  expect(posted({ what: 'card', about: null, edit: null, mentions: 0 })).toEqual([]);
});

test('a whole incident is told from page to recovery', () => {
  expect(tell(storyEntries())).toEqual([
    '03:12:20  page      HighErrorRate checkout (critical) from alertmanager',
    '03:12:20  INC-1     opened, owner team-shop, mode act',
    '03:12:20  spawned   monitor with 3 tools, at most 25 calls in 5 min',
    '03:12:20  monitor   errors of checkout               e3   31 % (normal < 0.9 %)',
    '03:12:20  monitor   http_probe checkout              e4   503 in 12 ms',
    '03:12:20  finding   impaired since 03:12:02: errors of checkout',
    '03:12:20  finding   errors of checkout high          e3   31 % (normal 0.2 %)',
    '03:12:20  not seen  latency (p95) of inventory',
    '03:12:21  diagnosis runbook_search checkout          e5   not seen: timeout',
    '03:12:21  diagnosis deployments_list checkout        e7   newest at 03:12:00',
    '03:12:21  diagnosis logs_search checkout error       e8   214 lines, 1 new kind',
    '03:12:21  refused   diagnosis asked for rm -rf\\x1b[2J: unknown tool',
    '03:12:21  cause     likely  bad deploy of checkout (0.86)',
    '                    for e3 e7 e8   against none',
    '03:12:21  ruled out overload of checkout (e6)',
    '03:12:21  not seen  runbook_search checkout (timeout)',
    '03:12:21  proposed  Roll back checkout v42 -> v41 in demo A-3',
    '                    waits until 03:27, then nothing happens',
    '03:12:26  approved  by alice (cli)                   A-3',
    '03:12:26  started   service_rollback checkout 1 back e9   #18',
    '03:12:29  finished  service_rollback checkout 1 back e9   done in 2.9 s',
    '03:12:30  sample    errors 10 %, not in its band     e10',
    '03:12:31  sample    errors 0.3 %, in its band        e11',
    '03:12:32  verified  errors 0.3 %, in its band for 5 samples A-3',
    '03:12:33  INC-1     resolved (recovered) after 13 s, 0 model calls, $0.00',
  ]);
});

test('the ids of what was read stand under each other, whatever the signal', () => {
  const facts = { state: 'normal', now: '1' };
  for (const signal of ['error_ratio', 'latency_p95', 'saturation', 'instances_up']) {
    const args = { service: 'service:inventory', signal };
    const entries = storyEntries().map((entry) => {
      if (entry.body.call !== 'e3') return entry;
      return {
        ...entry,
        body: { ...entry.body, ...(entry.kind === 'tool.intended' ? { args } : { facts }) },
      };
    });
    expect(
      tell(entries)
        .find((text) => text.includes(' e3 '))
        ?.indexOf(' e3 '),
    ).toBe(52);
  }
});

test('the timeline leaves out samples and spawned sessions', () => {
  const whos = timelineOf(storyEntries(), 'UTC').map((line) => line.who);
  expect(whos).toContain('verified');
  expect(whos).not.toContain('sample');
  expect(whos).not.toContain('spawned');
});

test('every line is at most 80 columns wide and says nothing that steers a terminal', () => {
  for (const line of tell(storyEntries())) {
    expect(line.length).toBeLessThanOrEqual(80);
    expect(line).not.toContain('\u001b');
  }
});

test('an escalation names what is missing', () => {
  expect(after('incident.escalated', { reason: 'inconclusive', missing: ['logs of checkout'] })).toEqual([
    '03:12:33  INC-1     needs people: no cause stood out; missing: logs of checkout',
  ]);
});

test.each([
  [
    'approval.rejected',
    { approval: 'A-3', by: 'bob', via: 'cli' },
    'denied    by bob (cli); nothing is done    A-3',
  ],
  ['approval.expired', { approval: 'A-3' }, 'expired   nobody decided in time; nothing is done A-3'],
  [
    'approval.withdrawn',
    { approval: 'A-3', reason: 'alert_cleared' },
    'withdrawn alert cleared; nothing is done   A-3',
  ],
  [
    'approval.invalidated',
    { approval: 'A-3', reason: 'drifted' },
    'stopped   not carried out: drifted         A-3',
  ],
  [
    'action.undone',
    { approval: 'A-3', complete: true, reason: null },
    'undo      the change was taken back        A-3',
  ],
  [
    'action.undone',
    { approval: 'A-3', complete: false, reason: 'drifted' },
    'undo      the change was not taken back: drifted A-3',
  ],
  [
    'change.requested',
    { by: 'bob', tool: 'service_restart', target: 'service:checkout' },
    'wish      bob asks: restart checkout',
  ],
  ['approval.reminded', { approval: 'A-3' }, 'reminder  nobody has answered yet          A-3'],
  ['approval.asked_again', { approval: 'A-3', by: 'bob' }, 'again     bob wants it looked at anew      A-3'],
  [
    'action.released',
    { approval: 'A-3', by: 'bob', effect: 'did_not_happen' },
    'released  bob looked: the change did not happen A-3',
  ],
  ['off.set', { on: true, by: 'alice' }, 'off       everything is off: nothing new is done, by alice'],
  ['freeze.set', { on: false, by: 'alice' }, 'freeze    off, by alice'],
  ['incident.taken', { by: 'bob' }, 'INC-1     bob has it; agents stop, proposals are withdrawn'],
])('%s %j is told as it is', (kind, body, text) => {
  expect(after(kind, body)).toEqual([`03:12:33  ${text}`]);
});

test('an entry of a kind that is not known is said to be unknown, not left out', () => {
  expect(after('moon.\u001bphase', {}).join()).toContain('does not know: moon.\\x1bphase');
});

test('a delivery without a token is told with where it came from', () => {
  const body = {
    source: 'alertmanager',
    reason: 'unauthenticated',
    peer: '10.0.4.7',
    bytes: 10,
    correlation: 'c-7f21',
  };
  const text = after('delivery.refused', body).join(' ');
  expect(text).toContain('refused');
  expect(text).toContain('alertmanager delivery from 10.0.4.7: unauthenticated');
  expect(text).toContain('c-7f21');
});

test.each([
  [{ state: 'normal', now: '0.041', low: '0', high: '0.1' }, '4.1 %, normal'],
  [{ state: 'high', now: '0.31', normal: '0.002', low: '0', high: '0.009' }, '31 % (normal 0.2 %)'],
  [{ state: 'low', now: '0.1', low: '0.2', high: '0.9' }, '10 % (normal > 20 %)'],
  [{ state: 'high', now: '0.31', low: null, high: null }, '31 % (no past)'],
  [{ state: 'unseen', now: null, low: null, high: null }, 'not seen'],
])('a signal with the facts %j reads %s', (facts, figure) => {
  const entries = storyEntries();
  const read = entries.findIndex((entry) => entry.kind === 'tool.finished');
  const changed = entries.map((entry, index) =>
    index === read ? { ...entry, body: { ...entry.body, facts } } : entry,
  );
  expect(tell(changed.slice(0, read + 1)).at(-1)).toBe(
    `03:12:20  monitor   errors of checkout               e3   ${figure}`,
  );
});

test.each([
  [{ verdict: 'fault', first: 'inventory' }, 'began at inventory'],
  [{ verdict: 'healthy', first: null }, 'all normal'],
  [{ verdict: 'unclear', first: 'inventory' }, 'no clear origin'],
])('a scan with the facts %j reads %s', (facts, figure) => {
  const entries = storyEntries();
  const read = entries.findIndex((entry) => entry.kind === 'tool.finished');
  const changed = entries.slice(0, read + 1).map((entry): Entry => {
    if (entry.kind === 'tool.intended')
      return {
        ...entry,
        body: { ...entry.body, tool: 'system_scan', args: { service: 'service:checkout', at: 0 } },
      };
    return entry.kind === 'tool.finished'
      ? { ...entry, body: { ...entry.body, tool: 'system_scan', facts } }
      : entry;
  });
  expect(tell(changed).at(-1)).toMatch(new RegExp(`system_scan checkout +e3   ${figure}$`));
});

test('agents that were stopped are told quietly, agents that failed are not', () => {
  const [last] = storyEntries().slice(-1);
  if (last === undefined) throw new Error('the story is empty');
  const body = {
    session: 'agent:monitor:subagent:1',
    run: 'run-1',
    role: 'monitor',
    reason: null,
    report: null,
    droppedClaims: 2,
  };
  const lines = (outcome: string) =>
    createNarrator('UTC').tell({ ...last, kind: 'run.settled', body: { ...body, outcome } });
  expect(lines('cancelled')[0]).toMatchObject({ what: 'cancelled', quiet: true });
  expect(lines('timed_out').map(({ what, quiet }) => [what, quiet])).toEqual([
    ['timed out', false],
    ['2 claims dropped: the evidence does not show them', false],
  ]);
});

test('a proposal of mode observe says that nobody is asked', () => {
  const entries = storyEntries().map((entry) =>
    entry.kind === 'approval.requested' ? { ...entry, body: { ...entry.body, mode: 'observe' } } : entry,
  );
  expect(tell(entries.slice(0, story('approval.approved').length)).at(-1)).toContain(
    'recorded only: mode is observe, nobody is asked',
  );
});

test('a report that the program wrote for an agent is told as such, with why', () => {
  const [last] = storyEntries().slice(-1);
  if (last === undefined) throw new Error('the story is empty');
  const report = { role: 'monitor', verdict: 'unclear', signal: null, since: null, findings: [] };
  const run = { session: 'agent:monitor:subagent:1', run: 'run-1', role: 'monitor', droppedClaims: 0 };
  const body = { ...run, outcome: 'reported', reason: 'no_report', report };
  const lines = createNarrator('UTC').tell({ ...last, kind: 'run.settled', body });
  expect(lines[0]?.what).toBe('no report: the program reports what was seen until then');
});

test('a no to a person says what they wanted, and speaks of rights only where one is missing', () => {
  const refused = (what: string, reason: string): string =>
    after('request.refused', { by: 'alice', what, reason, approval: null }).join(' ');
  expect(refused('take', 'already_yours')).toContain('alice wanted to take it: already yours');
  expect(refused('verdict', 'unknown_service')).toContain(
    'alice wanted to say what the cause was: unknown service',
  );
  expect(refused('change', 'not_allowed')).toContain('alice may not ask for a change');
  expect(
    after('change.requested', { by: 'alice', tool: 'service_rollback', target: 'service:checkout' }).join(
      ' ',
    ),
  ).toContain('alice asks: roll back checkout');
});

test('a mounted tool that was refused has its line', () => {
  const body = { server: 'cw', tool: 'get_metric', reason: 'drifted', pinned: null, seen: null };
  expect(after('mount.refused', body).join('\n')).toMatch(
    /refused +MCP server cw: get_metric is off, it is described/,
  );
});
