import { expect, test } from 'vitest';
import type { Entry } from '#audit/log.ts';
import { Digest, IncidentId, RunId, SessionKey } from '#core/ids.ts';
import { type BodyOf, type EntryKind, fact, SYSTEM } from '#incidents/entry.ts';
import { type IncidentCard, incidentCard } from '#views/incident-card.ts';
import { renderIncident } from '#views/incident-text.ts';
import { fallbackWords } from '#views/model-use.ts';
import { renderStatus, statusView } from '#views/status.ts';
import { storyText } from '#views/story.ts';
import { painter } from '#views/table.ts';
import { createNarrator } from '#views/timeline.ts';
import { T0 } from './a-plan.ts';

const incident = IncidentId.parse('INC-1');
const session = SessionKey.parse('agent:diagnosis:subagent:1');
const run = RunId.parse('run-1');
const screen = { now: T0 + 60_000, zone: 'UTC', paint: painter(false) };
const day = '2026-01-05';

const opened: BodyOf<'incident.opened'> = {
  alert: {
    source: 'alertmanager',
    status: 'firing',
    fingerprint: Digest.parse('ab'.repeat(32)),
    name: 'HighErrorRate',
    severity: 'critical',
    service: null,
    environment: 'demo',
    startsAt: T0,
  },
  group: 'g',
  service: null,
  environment: 'demo',
  owner: 'team-shop',
  severity: 'critical',
  mode: 'observe',
  reason: 'new',
};

function reserved(usdMicros: number, role = 'diagnosis'): BodyOf<'spend.reserved'> {
  const limits = { incident: 1_000_000, role: null, day: 20_000_000 };
  return { id: 's', role, provider: 'a', model: 'm', usdMicros, day, limits };
}
function attempted(usdMicros: number, outcome = 'ok', role = 'diagnosis'): BodyOf<'model.attempted'> {
  const tokens = outcome === 'ok' ? { input: 1000, cacheRead: 200, cacheWrite: 0, output: 50 } : null;
  const about = { reservation: 's', role, provider: 'a', model: 'm', outcome, attempt: 1, tokens };
  return { ...about, usdMicros, reservedUsdMicros: 500_000, day, price: '2026-01-01', latencyMs: 9 };
}
function turn(model: string, why: string | null): BodyOf<'turn.replied'> {
  const usage = { inputTokens: 0, outputTokens: 0, usdMicros: 0 };
  const mode = model === 'rules' ? 'rules' : 'model';
  return { session, run, turn: 1, model, mode, why, stop: 'end', calls: 0, ...usage };
}

type Said = { [K in EntryKind]: readonly [K, BodyOf<K>] }[EntryKind];

function entriesOf(...said: readonly Said[]): Entry[] {
  return said.map(([kind, body], seq) => ({
    ...fact(kind, body, { actor: SYSTEM, traceId: run, incident }),
    v: 1,
    seq,
    ts: T0 + seq * 1000,
    payloads: [],
  }));
}
function cardOf(...said: readonly Said[]): IncidentCard {
  const card = incidentCard(entriesOf(['incident.opened', opened], ...said), 'UTC');
  if (card === undefined) throw new Error('no card');
  return card;
}
const linesOf = (card: IncidentCard): string[] => {
  const lines = renderIncident(card, screen);
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
  return lines.slice(0, lines.indexOf(''));
};

test('a card says who answered, what was spent of what, and what each agent cost', () => {
  const lines = linesOf(
    cardOf(
      ['spend.reserved', reserved(500_000)],
      ['model.attempted', attempted(0, 'overloaded')],
      ['spend.reserved', reserved(500_000)],
      ['model.attempted', attempted(210_000)],
      ['turn.replied', turn('a/m', null)],
    ),
  );
  expect(lines).toContain('  mode     observe in demo; AI model, 1 model call, $0.21 of $1.00');
  expect(lines.join('\n')).toContain(
    '  cost     diagnosis $0.21: 2 attempts, 1 failed, 1200 tokens in, 50 out',
  );
  expect(lines.join('\n')).not.toContain('answered');
});

test('a card says that the rules answered, how often, and why', () => {
  const lines = linesOf(
    cardOf(
      ['turn.replied', turn('rules', 'incident_spent')],
      ['turn.replied', turn('rules', 'incident_spent')],
    ),
  );
  expect(lines).toContain('  model    rules answered 2 turns: the budget of this incident is spent');
});

test('what is reserved and not settled shows as spent', () => {
  const card = cardOf(['spend.reserved', reserved(500_000)]);
  expect(card.models).toMatchObject({ usdMicros: 500_000, limitUsdMicros: 1_000_000 });
});

test('the timeline says once that another answers, and when a budget ends', () => {
  const narrator = createNarrator('UTC');
  const notice = { role: null, day, limitUsdMicros: 1_000_000 } as const;
  const told = entriesOf(
    ['incident.opened', opened],
    ['turn.replied', turn('b/m2', 'overloaded')],
    ['turn.replied', turn('b/m2', 'overloaded')],
    ['spend.noticed', { ...notice, scope: 'incident', percent: 80, usdMicros: 810_000 }],
    ['spend.noticed', { ...notice, scope: 'day', percent: 100, usdMicros: 1_000_000 }],
    ['model.attempted', attempted(0, 'timeout')],
  ).flatMap((entry) => narrator.tell(entry).flatMap((line) => storyText(line, screen)));
  expect(told.slice(3).map((line) => line.replaceAll(/ +/g, ' '))).toEqual([
    '03:12:01 model b/m2 answers: the model’s provider is overloaded',
    '03:12:03 budget 80 % of the budget of this incident is used',
    ' $0.81 of $1.00',
    '03:12:04 budget the budget of today is spent: the rules go on',
    ' $1.00 of $1.00',
    '03:12:05 model a/m: timeout $0.00',
  ]);
});

test('status says what today cost and of what', () => {
  const view = statusView({
    server: null,
    ai: 'model',
    spend: { usdMicros: 4_200_000, limitUsdMicros: 20_000_000 },
    stops: { off: false, frozen: false, by: null, at: null },
    failing: [],
    holds: [],
    incidents: [],
    approvals: [],
    log: { entries: 1, verified: 'verified', problem: null },
    policyWaiting: { answers: 0, people: 0 },
  });
  expect(renderStatus(view, screen).join('\n').replaceAll(/\s+/g, ' ')).toContain(
    'AI AI model, with the rules to fall back on; $4.20 of $20.00 today (UTC)',
  );
});

test('status names each provider whose last attempt failed, with why and when', () => {
  const view = statusView({
    server: null,
    ai: 'model',
    spend: null,
    failing: [{ provider: 'anthropic', reason: 'rate_limited', at: screen.now - 120_000 }],
    stops: { off: false, frozen: false, by: null, at: null },
    holds: [],
    incidents: [],
    approvals: [],
    log: { entries: 1, verified: 'verified', problem: null },
    policyWaiting: { answers: 0, people: 0 },
  });
  expect(renderStatus(view, screen).join('\n').replaceAll(/\s+/g, ' ')).toContain(
    'AI AI model, with the rules to fall back on; last attempt at anthropic failed: rate limited, 2 min ago',
  );
});

test('a reason of a later version is still said', () => {
  expect(fallbackWords('a_new_reason')).toBe('a new reason');
});
