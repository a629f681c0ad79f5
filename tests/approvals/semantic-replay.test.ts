import { expect, test } from 'vitest';
import { standingDigest } from '#approvals/policy-standing.ts';
import { createReplay, type ReplayRule } from '#approvals/semantic-replay.ts';
import type { Entry, EntryDraft } from '#audit/log.ts';
import { openMemoryLog } from '#audit/memory-log.ts';
import { realRandom } from '#core/clock.ts';
import { taggedHash } from '#core/hash.ts';
import { ApprovalId, CallId, Digest, IncidentId, PersonId } from '#core/ids.ts';
import { type BodyOf, type EntryKind, fact, SYSTEM } from '#incidents/entry.ts';
import { inProcess } from '../journeys/in-process.ts';
import { aPlan, T0 } from '../views/a-plan.ts';

const INC = IncidentId.parse('INC-1');
const A3 = ApprovalId.parse('A-3');
const digest = Digest.parse('ab'.repeat(32));
const person = (id: string) => PersonId.parse(id);

/** What somebody who holds the key of the log writes into it: drafts with the time of each. */
type Line = { at: number; draft: EntryDraft };

function say<K extends EntryKind>(at: number, kind: K, body: BodyOf<K>, by?: string): Line {
  const actor = by === undefined ? SYSTEM : ({ kind: 'person', id: by } as const);
  return { at: T0 + at * 1000, draft: fact(kind, body, { actor, traceId: 't', incident: INC }) };
}

/** A plan of two steps that may be undone: roll back checkout, then scale it. */
function twoSteps(over: { tier?: 'R2' | 'R3'; requestedBy?: string[] } = {}) {
  const plan = aPlan();
  const [first] = plan.steps;
  if (first === undefined) throw new Error('a plan has a step');
  const second = {
    ...first,
    tool: 'service_scale' as const,
    change: { tool: 'service_scale' as const, target: first.change.target, replicas: 3 },
    undo: { tool: 'service_scale' as const, replicas: 2 },
  };
  const requestedBy = (over.requestedBy ?? []).map(person);
  return { ...plan, tier: over.tier ?? ('R2' as const), requestedBy, steps: [first, second] };
}

const acceptedByNobody: BodyOf<'policy.accepted'> = {
  ...{ by: null, why: 'owner', part: 0, parts: 1, services: [], people: [] },
  standing: standingDigest({ services: [], people: [] }),
};

type Plan = ReturnType<typeof twoSteps>;
const hashOf = (plan: Plan): Digest => taggedHash('firebreak/plan/v1', plan);

const request = (at: number, plan: Plan, mode: 'act' | 'observe' = 'act') =>
  say(at, 'approval.requested', { approval: A3, hash: hashOf(plan), cardDigest: digest, mode, plan });

/** A plan of one change of something else than a service. */
function of(tool: string, ref: string): Plan {
  const plan = twoSteps();
  const [step] = plan.steps;
  const target = { ...step?.target, ref };
  return { ...plan, steps: [{ ...step, tool, target, change: { tool, target: ref }, undo: null }] } as never;
}
const ALERT = `alert:${'ab'.repeat(32)}`;
const asksSilence = { by: person('alice'), tool: 'alert_silence', target: ALERT };
const silenceAsked = say(0, 'change.requested', asksSilence, 'alice');
const ofSilence = request(1, of('alert_silence', ALERT));

type Yes = { by?: string; roles?: string[]; complete?: boolean; hash?: Digest; actor?: string | null };
const yes = (at: number, plan: Plan, { by = 'alice', roles = ['approver'], ...over }: Yes = {}) =>
  say(
    at,
    'approval.approved',
    {
      approval: A3,
      hash: over.hash ?? hashOf(plan),
      cardDigest: digest,
      by: person(by),
      roles,
      via: 'cli',
      complete: over.complete ?? true,
    },
    over.actor === null ? undefined : (over.actor ?? by),
  );
const claim = (at: number, step = 0) => say(at, 'approval.claimed', { approval: A3, step, boot: 'boot-1' });

/** The rollback as it is ordered: to the version that the preview shows. */
const exact = { tool: 'service_rollback', target: 'service:checkout', version: 'v41' };

type Intent = Partial<BodyOf<'tool.intended'>>;
function intent(at: number, call: string, over: Intent = {}): Line {
  const step = over.step ?? 0;
  const of = twoSteps().steps[step];
  const undo = over.phase === 'undo';
  const run = step === 0 ? exact : { ...of?.change };
  const args = over.args ?? (undo ? { target: of?.target.ref ?? '', ...of?.undo } : run);
  return say(at, 'tool.intended', {
    call: CallId.parse(call),
    tool: (undo ? of?.undo?.tool : of?.tool) ?? '',
    version: 1,
    tier: 'R2',
    phase: 'run',
    argsHash: taggedHash('firebreak/args/v1', args),
    caller: 'system:firebreak',
    session: null,
    approval: A3,
    ...over,
    step,
    args,
  });
}
const outcome = (at: number, call: string, how: 'ok' | 'failed' | 'unknown' = 'ok') =>
  say(at, 'tool.finished', {
    call: CallId.parse(call),
    tool: 'service_rollback',
    outcome: how,
    reason: null,
    exitCode: null,
    durationMs: 1,
    facts: null,
  });
const undo = (at: number, call: string, step: number, over: Intent = {}) =>
  intent(at, call, { phase: 'undo', step, ...over });

/** Writes the lines into a real, signed log and replays it. */
async function replayed(lines: readonly Line[]) {
  let now = 0;
  const clock = {
    now: () => now,
    mono: () => now,
    sleep: async () => undefined,
    after: () => () => undefined,
  };
  const log = await openMemoryLog({ clock, random: realRandom });
  const replay = createReplay();
  for (const { at, draft } of lines) {
    now = at;
    await log.append([draft]);
  }
  for await (const entry of log.read(0)) replay.apply(entry);
  return replay;
}

const plan = twoSteps();
/** Everything as it must be: two steps, found not to help, both undone. */
const good: readonly Line[] = [
  intent(1, 'e1', { approval: null, tier: 'R0', tool: 'metrics_query' }),
  outcome(2, 'e1'),
  request(3, plan),
  yes(4, plan),
  claim(5),
  intent(5, 'e2'),
  outcome(6, 'e2'),
  claim(7, 1),
  intent(7, 'e3', { step: 1 }),
  outcome(8, 'e3'),
  say(9, 'action.unverified', { approval: A3, reason: 'not_recovered' }),
  say(9, 'freeze.set', { on: true, by: 'alice' }),
  undo(10, 'e4', 1),
  outcome(11, 'e4'),
  undo(11, 'e5', 0),
  outcome(12, 'e5'),
  say(13, 'action.undone', { approval: A3, complete: true, reason: null }),
];

test('a log that keeps every rule has no problem, and says what was looked at', async () => {
  const replay = await replayed(good);
  expect(replay.problems()).toEqual([]);
  expect(replay.counts()).toEqual({ intents: 5, approvals: 1, unread: 0 });
});

const at = (kind: EntryKind, nth = 0): number => {
  const found = good.flatMap(({ draft }, index) => (draft.kind === kind ? [index] : []))[nth];
  if (found === undefined) throw new Error(`no ${kind}`);
  return found;
};
const before = (index: number, ...lines: Line[]) => good.toSpliced(index, 0, ...lines);
const without = (index: number) => good.toSpliced(index, 1);
const instead = (index: number, line: Line) => good.with(index, line);
const upTo = (index: number, ...lines: Line[]) => [...good.slice(0, index), ...lines];
const [asked, approved, claimed, ran] = [
  at('approval.requested'),
  at('approval.approved'),
  at('approval.claimed'),
  at('tool.intended', 1),
];
const wide = twoSteps({ tier: 'R3', requestedBy: ['carol', 'dan'] });
const wideBy = (...people: [by: string, roles: string[]][]): Line[] => [
  request(3, wide),
  ...people.map(([by, roles], index) => yes(4, wide, { by, roles, complete: index === people.length - 1 })),
];

const [firstStep, secondStep] = plan.steps;
if (firstStep === undefined || secondStep === undefined) throw new Error('a plan of two steps');
const elsewhere = { ...secondStep, target: { ...secondStep.target, ref: 'service:inventory' as const } };
const twoTargets = { ...plan, steps: [firstStep, elsewhere] };

/** Each breaks one rule, at the first entry that it names (counted from the start of `lines`). */
const forged: [name: string, rule: ReplayRule, lines: readonly Line[]][] = [
  ['an outcome that nobody intended', 'outcome_without_intent', [outcome(1, 'e1')]],
  ['a second outcome of one call', 'outcome_without_intent', before(2, outcome(2, 'e1'))],
  ['an intent replayed', 'call_repeated', before(2, good[0] ?? request(1, plan))],
  ['a change without an approval', 'change_without_approval', [intent(1, 'e1', { approval: null })]],
  [
    'a change that calls itself a read',
    'change_without_approval',
    [intent(1, 'e1', { approval: null, tier: 'R0' })],
  ],
  ['an approval that was never requested', 'approval_over_or_unknown', without(asked)],
  ['a request replayed', 'approval_repeated', before(asked + 1, request(4, plan))],
  [
    'a plan that is not the one of its hash',
    'hash_of_another_plan',
    instead(
      asked,
      say(3, 'approval.requested', { approval: A3, hash: digest, cardDigest: digest, mode: 'act', plan }),
    ),
  ],
  [
    'a plan of two targets that calls itself a change of one',
    'tier_too_low',
    instead(asked, request(3, twoTargets)),
  ],
  ['a yes to another plan', 'hash_of_another_plan', instead(approved, yes(4, plan, { hash: digest }))],
  ['a yes by the system', 'not_decided_by_a_person', instead(approved, yes(4, plan, { actor: null }))],
  [
    'a yes in the name of another',
    'not_decided_by_a_person',
    instead(approved, yes(4, plan, { actor: 'bob' })),
  ],
  ['a yes by a viewer', 'too_few_approvers', instead(approved, yes(4, plan, { roles: ['viewer'] }))],
  ['a yes after expiry', 'decided_after_expiry', upTo(approved, yes(16 * 60, plan))],
  [
    'a yes after enough people said it',
    'decided_when_not_pending',
    before(approved + 1, yes(4, plan, { by: 'bob' })),
  ],
  [
    'a yes after a no',
    'approval_over_or_unknown',
    before(approved, say(4, 'approval.rejected', { approval: A3, by: person('bob'), via: 'cli' }, 'bob')),
  ],
  ['a yes where nobody is asked', 'approval_over_or_unknown', instead(asked, request(3, plan, 'observe'))],
  [
    'one person twice for a wide change',
    'decided_twice_by_one',
    wideBy(['alice', ['owner']], ['alice', ['owner']]),
  ],
  ['one person for a wide change', 'too_few_approvers', wideBy(['alice', ['owner']])],
  ['no owner for a wide change', 'too_few_approvers', wideBy(['alice', ['approver']], ['bob', ['approver']])],
  [
    'the requester as second person of a wide change',
    'too_few_approvers',
    wideBy(['alice', ['owner']], ['carol', ['approver']]),
  ],
  [
    'one of two requesters as second person of a wide change',
    'too_few_approvers',
    wideBy(['alice', ['owner']], ['dan', ['approver']]),
  ],
  ['a claim before anybody approved', 'claimed_without_approval', without(approved)],
  [
    'a claim after the yes was taken back',
    'approval_over_or_unknown',
    before(claimed, say(4, 'approval.revoked', { approval: A3, by: person('bob') }, 'bob')),
  ],
  [
    'a claim after withdrawal',
    'approval_over_or_unknown',
    before(claimed, say(4, 'approval.withdrawn', { approval: A3, reason: 'taken' })),
  ],
  [
    'a claim after expiry was recorded',
    'approval_over_or_unknown',
    before(claimed, say(4, 'approval.expired', { approval: A3 })),
  ],
  ['a claim after expiry', 'claimed_after_expiry', upTo(claimed, claim(16 * 60))],
  ['a claim made twice', 'claimed_without_approval', before(claimed, claim(5))],
  ['a claim of the second step first', 'step_out_of_order', instead(claimed, claim(5, 1))],
  [
    'a claim during a freeze',
    'claimed_while_stopped',
    before(claimed, say(4, 'freeze.set', { on: true, by: 'alice' })),
  ],
  [
    'a claim while all is off',
    'claimed_while_stopped',
    before(claimed, say(4, 'off.set', { on: true, by: 'alice' })),
  ],
  [
    'a claim in an incident that was paused',
    'claimed_while_held',
    before(claimed, say(4, 'incident.paused', { on: true, by: person('bob') }, 'bob')),
  ],
  [
    'a claim in an incident that somebody had',
    'claimed_while_held',
    before(claimed, say(4, 'handover.accepted', { by: person('bob'), from: person('alice') }, 'bob')),
  ],
  [
    'a change started after somebody took it over',
    'started_while_held',
    before(ran, say(5, 'incident.taken', { by: person('bob') }, 'bob')),
  ],
  ['a change without its claim', 'started_without_claim', without(claimed)],
  ['a step run twice', 'started_without_claim', before(ran + 1, intent(5, 'e3'))],
  ['a step started after expiry', 'started_after_expiry', upTo(ran, intent(16 * 60, 'e2'))],
  [
    'a change started during a freeze',
    'started_while_stopped',
    before(ran, say(5, 'freeze.set', { on: true, by: 'alice' })),
  ],
  [
    'another target than was approved',
    'other_change_than_approved',
    instead(ran, intent(5, 'e2', { args: { ...exact, target: 'service:payment' } })),
  ],
  [
    'another version than people saw',
    'other_change_than_approved',
    instead(ran, intent(5, 'e2', { args: { ...exact, version: 'v40' } })),
  ],
  [
    'a place in the history instead of a version',
    'other_change_than_approved',
    instead(
      ran,
      intent(5, 'e2', {
        args: { tool: 'service_rollback', target: 'service:checkout', to: 'deploy:checkout@-1' },
      }),
    ),
  ],
  [
    'another tool than was approved',
    'other_change_than_approved',
    instead(ran, intent(5, 'e2', { tool: 'service_restart' })),
  ],
  [
    'arguments that are not those of their hash',
    'hash_of_another_plan',
    instead(ran, intent(5, 'e2', { argsHash: digest })),
  ],
  ['an undo of a change that helped', 'undo_before_unverified', without(at('action.unverified'))],
  ['an undo out of order', 'undo_of_nothing', instead(at('tool.intended', 3), undo(10, 'e4', 0))],
  [
    'an undo that undoes something else',
    'other_change_than_approved',
    instead(
      at('tool.intended', 3),
      undo(10, 'e4', 1, { args: { target: 'service:checkout', tool: 'service_scale', replicas: 9 } }),
    ),
  ],
  ['an undo made twice', 'undo_of_nothing', before(at('tool.intended', 4), undo(11, 'e5', 1))],
  [
    'an undo while all is off',
    'started_while_stopped',
    before(at('tool.intended', 3), say(9, 'off.set', { on: true, by: 'alice' })),
  ],
  [
    'a policy that nobody accepted',
    'policy_widened_without_owner',
    before(at('tool.intended', 3), say(9, 'policy.accepted', acceptedByNobody)),
  ],
  ['a silence that nobody asked for', 'silenced_unasked', [silenceAsked, ofSilence].toReversed()],
  [
    'a silence of another alert than was asked for',
    'silenced_unasked',
    [say(0, 'change.requested', { ...asksSilence, target: `alert:${'cd'.repeat(32)}` }), ofSilence],
  ],
  [
    'a silence that is taken for a cure',
    'silence_taken_for_cure',
    [silenceAsked, ofSilence, say(9, 'action.verified', { approval: A3, samples: 3 })],
  ],
  ['a cordon without a diagnosis', 'cordoned_undiagnosed', [request(1, of('node_cordon', 'node:worker-1'))]],
  [
    "an operator's command that was found to have happened",
    'outcome_guessed',
    [
      request(1, of('operator_action', 'action:restart-queue')),
      say(6, 'action.reconciled', { approval: A3, step: 0, call: CallId.parse('e2'), effect: 'happened' }),
    ],
  ],
  [
    'an approval used for another incident',
    'approval_of_another_incident',
    instead(claimed, { at: T0 + 5000, draft: { ...claim(5).draft, incidentId: IncidentId.parse('INC-2') } }),
  ],
];

test.each(forged)('%s is found in a log with good signatures: %s', async (_name, rule, lines) => {
  const [first] = (await replayed(lines)).problems();
  expect(first?.rule).toBe(rule);
});

test('every rule is broken by one of the forged logs', () => {
  const rules: Record<ReplayRule, true> = {
    ...{ silenced_unasked: true, cordoned_undiagnosed: true },
    ...{ outcome_guessed: true, silence_taken_for_cure: true },
    outcome_without_intent: true,
    policy_widened_without_owner: true,
    call_repeated: true,
    change_without_approval: true,
    approval_repeated: true,
    approval_over_or_unknown: true,
    approval_of_another_incident: true,
    claimed_while_stopped: true,
    started_while_stopped: true,
    claimed_while_held: true,
    started_while_held: true,
    hash_of_another_plan: true,
    tier_too_low: true,
    not_decided_by_a_person: true,
    decided_when_not_pending: true,
    decided_after_expiry: true,
    decided_twice_by_one: true,
    too_few_approvers: true,
    claimed_without_approval: true,
    claimed_after_expiry: true,
    step_out_of_order: true,
    started_without_claim: true,
    started_after_expiry: true,
    other_change_than_approved: true,
    undo_before_unverified: true,
    undo_of_nothing: true,
  };
  expect([...new Set(forged.map(([, rule]) => rule))].sort()).toEqual(Object.keys(rules).sort());
});

test('the first bad entry is named, and later ones are kept up to a limit', async () => {
  const lines = Array.from({ length: 30 }, (_, index) => outcome(1, `e${index + 1}`));
  const problems = (await replayed(lines)).problems();
  expect(problems).toHaveLength(20);
  expect(problems[0]).toEqual({ entry: 1, rule: 'outcome_without_intent' });
});

test('what was paused goes on when a person says so, and an undo runs whoever has it', async () => {
  const resumed = [
    say(4, 'incident.paused', { on: true, by: person('bob') }, 'bob'),
    say(4, 'incident.paused', { on: false, by: person('bob') }, 'bob'),
  ];
  expect((await replayed(good.toSpliced(claimed, 0, ...resumed))).problems()).toEqual([]);
  const taken = say(9, 'incident.taken', { by: person('bob') }, 'bob');
  expect((await replayed(before(at('tool.intended', 3), taken))).problems()).toEqual([]);
});

test('two approvers, one of them an owner, are enough for a wide change', async () => {
  const lines = wideBy(['alice', ['approver']], ['bob', ['owner']]);
  expect((await replayed([...lines, claim(5)])).problems()).toEqual([]);
});

test('an unknown effect that was found to have happened goes on, one that did not ends the plan', async () => {
  const settled = (effect: 'happened' | 'did_not_happen') => [
    ...upTo(ran + 1, outcome(6, 'e2', 'unknown')),
    say(6, 'action.reconciled', { approval: A3, step: 0, call: CallId.parse('e2'), effect }),
    claim(7, 1),
  ];
  expect((await replayed(settled('happened'))).problems()).toEqual([]);
  expect((await replayed(settled('did_not_happen'))).problems()).toMatchObject([
    { rule: 'approval_over_or_unknown' },
  ]);
});

test('an entry of a kind that this version does not know is counted, not judged', async () => {
  const replay = await replayed(good);
  const entry: Entry = {
    v: 1,
    seq: 99,
    ts: T0 + 99_000,
    streams: [],
    traceId: 't',
    actor: SYSTEM,
    kind: 'future.thing',
    body: {},
    payloads: [],
  };
  replay.apply(entry);
  expect(replay.counts().unread).toBe(1);
  expect(replay.problems()).toEqual([]);
});

test.each([
  ['bad-deploy', 'HighErrorRate', 'action.verified'],
  ['wrong-fix', 'HighLatency', 'action.undone'],
] as const)('what the product itself writes keeps every rule: %s', async (fault, name, end) => {
  const run = await inProcess();
  run.shop.inject(fault, 'checkout');
  await run.clock.advance(12_000);
  await run.page({ name });
  await run.until(() => run.folds.approvals.all().some((one) => one.state === 'pending'));
  await run.decide('approve');
  await run.until(() => run.incident().resolved !== null || run.incident().escalated !== null);
  await run.firebreak.idle();
  const replay = createReplay();
  const entries = await run.entries();
  for (const entry of entries) replay.apply(entry);
  expect(replay.problems()).toEqual([]);
  expect(replay.counts()).toMatchObject({ approvals: 1, unread: 0 });
  expect(entries.some(({ kind }) => kind === end)).toBe(true);
});
