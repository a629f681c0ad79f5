import { describe, expect, test } from 'vitest';
import type { Entry } from '#audit/log.ts';
import { sha256 } from '#core/hash.ts';
import { IncidentId, RunId, SessionKey } from '#core/ids.ts';
import { fact, SYSTEM } from '#incidents/entry.ts';
import { createSessionsFold, KEEP_RESOLVED_MS } from '#sessions/sessions-fold.ts';
import { call, createRig, healthy, INC, open, say, spawnMonitor } from './rig.ts';

const START = Date.UTC(2026, 0, 5);

/** Entries of one whole incident: opened session, one run, resolved. */
function story(number: number, seq: number, ts: number): Entry[] {
  const incident = IncidentId.parse(`INC-${number}`);
  const session = SessionKey.parse(`agent:coordinator:cli:${number}`);
  const run = RunId.parse(`run-${number}`);
  const about = { actor: SYSTEM, traceId: 't', incident, session };
  const limits = { wallMs: 1, modelCalls: 1, toolCalls: 1 };
  const opening = {
    session,
    role: 'coordinator' as const,
    parent: null,
    allowlist: [],
    limits,
    brief: null,
    prompt: sha256('p'),
  };
  const ending = { outcome: 'yielded', reason: null, report: null, droppedClaims: 0 } as const;
  const drafts = [
    fact('session.spawned', opening, about),
    fact('run.started', { session, run, role: 'coordinator', wake: null, deadline: ts }, about),
    fact('run.settled', { session, run, role: 'coordinator', ...ending }, about),
    fact(
      'incident.resolved',
      { resolution: 'recovered', by: 'x' },
      { actor: SYSTEM, traceId: 't', incident },
    ),
  ];
  return drafts.map((draft, index) => ({ v: 1, ...draft, seq: seq + index, ts, payloads: [] }));
}

describe('the sessions fold', () => {
  test('forgets resolved incidents half an hour later, and counts what it forgot', () => {
    const fold = createSessionsFold();
    let seq = 0;
    for (let number = 1; number <= 5_000; number += 1) {
      for (const entry of story(number, seq, START + number * 60_000)) fold.apply(entry);
      seq += 4;
    }
    expect([...fold.incidents()]).toHaveLength(31);
    expect(fold.dropped()).toEqual({ incidents: 4_969, sessions: 4_969, runs: 4_969 });
    expect(JSON.stringify(fold.save()).length).toBeLessThan(50_000);
  });

  test('keeps an incident that was opened again, and one with a run that still lasts', () => {
    const fold = createSessionsFold();
    const [one, two, three] = [1, 2, 3].map((number) => story(number, 0, START));
    for (const entry of one ?? []) fold.apply(entry);
    for (const entry of (two ?? []).filter((entry) => entry.kind !== 'run.settled')) fold.apply(entry);
    for (const entry of three ?? []) fold.apply(entry);
    const reopened = fact(
      'incident.reopened',
      { reason: 'same_alert' },
      { actor: SYSTEM, traceId: 't', incident: IncidentId.parse('INC-1') },
    );
    fold.apply({ v: 1, ...reopened, seq: 20, ts: START, payloads: [] });
    const later = { ...reopened, incidentId: IncidentId.parse('INC-9') };
    fold.apply({ v: 1, ...later, seq: 21, ts: START + KEEP_RESOLVED_MS + 1, payloads: [] });
    expect([...fold.incidents()].map((incident) => incident.id)).toEqual(['INC-1', 'INC-2']);
  });

  test('loaded from its saved state it goes on as if it had seen everything', async () => {
    const rig = await createRig({
      roles: {
        coordinator: (_r, turn) =>
          turn === 0 ? say(spawnMonitor()) : say(call('incident_resolve', {}, `r${turn}`)),
        monitor: (_r, turn) =>
          turn === 0
            ? say(call('http_probe', { service: 'service:checkout' }))
            : say(call('report', healthy)),
      },
    });
    await open(rig);
    const entries = await rig.entries();
    const whole = createSessionsFold();
    for (const entry of entries) whole.apply(entry);
    for (let cut = 0; cut <= entries.length; cut += 1) {
      const before = createSessionsFold();
      for (const entry of entries.slice(0, cut)) before.apply(entry);
      const after = createSessionsFold();
      after.load(JSON.parse(JSON.stringify(before.save())));
      for (const entry of entries.slice(cut)) after.apply(entry);
      expect(after.save()).toEqual(whole.save());
    }
    expect(whole.evidence(INC)).toMatchObject([{ tool: 'http_probe', service: 'checkout', signal: null }]);
  });

  test('refuses a saved state that is not one', () => {
    const fold = createSessionsFold();
    expect(() => fold.load({ incidents: [{ id: 'INC-1' }], dropped: {} })).toThrow();
  });
});
