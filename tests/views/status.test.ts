import { expect, test } from 'vitest';
import { ApprovalFold } from '#approvals/approval-fold.ts';
import { IncidentFold } from '#incidents/incident-fold.ts';
import { renderStatus, type StatusInput, statusView } from '#views/status.ts';
import { painter } from '#views/table.ts';
import { T0 } from './a-plan.ts';
import { storyEntries } from './a-story.ts';

const screen = { now: T0 + 8 * 60_000, zone: 'UTC', paint: painter(false) };

function given(over: Partial<StatusInput> = {}): StatusInput {
  return {
    server: { version: '0.1.0', startedAt: T0 - 3_600_000, pid: 4121 },
    ai: 'rules',
    spend: null,
    stops: { off: false, frozen: false, by: null, at: null },
    failing: [],
    holds: [],
    incidents: [],
    approvals: [],
    log: { entries: 86, verified: 'verified', problem: null },
    policyWaiting: { answers: 0, people: 0 },
    ...over,
  };
}

test('a quiet night is seven short lines', () => {
  expect(renderStatus(statusView(given()), screen)).toEqual([
    'incidents none open',
    'approvals none wait',
    'changes   possible where the mode is act and people approve',
    'AI        no AI model used: rules',
    'log       86 entries, verified',
    'server    version 0.1.0, process 4121, up 1 h 8 min',
    'now 2026-01-05 03:20 +00:00',
  ]);
});

test('the name of a page that goes on and on is cut, so that one line does not fill the screen', () => {
  const fold = new IncidentFold();
  for (const entry of storyEntries('approval.approved')) fold.apply(entry);
  const incidents = fold.current().map((incident) => ({
    ...incident,
    alerts: incident.alerts.map((alert) => ({ ...alert, name: 'a'.repeat(200) })),
  }));
  const view = statusView(given({ incidents }));
  expect(view.incidents.map(({ title }) => title)).toEqual([`${'a'.repeat(79)}…`]);
});

test('what burns and what waits comes first, with what happens if nobody answers', () => {
  const [incidents, approvals] = [new IncidentFold(), new ApprovalFold()];
  for (const entry of storyEntries('approval.approved')) {
    incidents.apply(entry);
    approvals.apply(entry);
  }
  const view = statusView(given({ incidents: incidents.current(), approvals: approvals.all() }));
  const lines = renderStatus(view, screen);
  expect(lines.slice(0, 8)).toEqual([
    'incidents 1 open',
    '  INC-1    HighErrorRate checkout: critical, identified, 7 min ago (03:12),',
    '           nobody has it',
    'approvals 1 proposal waits for a person',
    '  A-3      Roll back checkout v42 -> v41 in demo, for INC-1; needs one approver',
    '           until 03:27 (in 7 min), then nothing is done',
    '           firebreak approvals show A-3',
    'changes   possible where the mode is act and people approve',
  ]);
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
});

test.each([
  [
    { stops: { off: true, frozen: true, by: 'alice', at: T0 } },
    'changes   OFF: nothing new is done, by alice 8 min ago (03:12); on again:',
  ],
  [
    { stops: { off: false, frozen: true, by: null, at: null } },
    'changes   frozen: no change is started; end it: firebreak freeze off',
  ],
  [
    { log: { entries: 1, verified: 'bad', problem: 'entry 7: root' } },
    'log       1 entry, NOT intact, changes are refused; entry 7: root',
  ],
  [
    { log: { entries: 9, verified: 'not_checked', problem: null } },
    'log       9 entries, not verified: firebreak audit verify',
  ],
  [{ server: null }, 'server    not running'],
  [
    { holds: [{ reason: 'clock_behind', detail: null }] },
    'changes   held back: the clock is behind the last entry of the log',
  ],
  [
    { holds: [{ reason: 'executor_down', detail: 'it ended with SIGKILL' }] },
    'changes   held back: the process that makes them is down and will be started',
  ],
  [
    { slackFailing: { since: T0, why: 'no connection' } },
    'Slack     takes nothing, since 8 min ago (03:12): no connection',
  ],
] satisfies [Partial<StatusInput>, string][])('%j is said in words', (over, line) => {
  expect(renderStatus(statusView(given(over)), screen)).toContain(line);
});

test('without a terminal there are no colours, with one the words stay the same', () => {
  const plain = renderStatus(statusView(given({ server: null })), screen);
  const coloured = renderStatus(statusView(given({ server: null })), { ...screen, paint: painter(true) });
  expect(plain.join('')).not.toContain('\u001b');
  expect(coloured.join('')).toContain('\u001b');
});

test('what the config allows beyond what was accepted is one line that says who is waited for', () => {
  const lines = renderStatus(statusView(given({ policyWaiting: { answers: 3, people: 1 } })), screen);
  expect(lines.filter((line) => line.startsWith('policy') || line.startsWith('          '))).toEqual([
    'policy    allows more than accepted: 3 answers and 1 person wait for an owner:',
    '          firebreak policy accept',
  ]);
});

test('a mounted tool that is off has its line, with nothing active of what its server calls itself', () => {
  const view = statusView(given({ mounts: [{ name: 'cw get_metric', why: 'not reached: \u001b[2Jgone' }] }));
  expect(renderStatus(view, screen)).toContain('MCP       cw get_metric: not reached: \\x1b[2Jgone');
});

test('a credential that cannot be used has its line, with the reason', () => {
  const why = '/run/slack.token can be read by others; chmod 600 /run/slack.token';
  const lines = renderStatus(
    statusView(given({ secrets: [{ name: 'file:/run/slack.token', why }] })),
    screen,
  );
  expect(lines.filter((line) => line.startsWith('secret '))).toEqual([
    'secret    file:/run/slack.token is not used: /run/slack.token can be read by',
  ]);
});
