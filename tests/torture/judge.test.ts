import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openFileLog } from '#audit/file-log.ts';
import { realRandom } from '#core/clock.ts';
import { sha256 } from '#core/hash.ts';
import { ApprovalId, CallId, IncidentId } from '#core/ids.ts';
import type { RunResult } from '#demo/run.ts';
import { blindScenario, type Scenario, scenario } from '#demo/scenarios.ts';
import { fact, SYSTEM } from '#incidents/entry.ts';
import { FakeClock } from '../fakes/fake-clock.ts';
import { judge } from './judge.ts';

type Change = readonly [tool: string, service: string, phase?: 'run' | 'undo' | 'dry_run'];

/** A log in which these changes were started. */
async function aLog(changes: readonly Change[]): Promise<string> {
  const dir = mkdtempSync(join(tmpdir(), 'firebreak-judge-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const log = await openFileLog({ dir, clock: new FakeClock(), random: realRandom });
  for (const [index, [tool, service, phase = 'run']] of changes.entries()) {
    const body = {
      call: CallId.parse(`e${index + 1}`),
      tool,
      version: 1,
      tier: 'R2',
      phase,
      args: { target: `service:${service}` },
      argsHash: sha256(tool),
      caller: 'system:firebreak',
      session: null,
      approval: phase === 'dry_run' ? null : ApprovalId.parse('A-1'),
      step: 0,
    } as const;
    const incident = IncidentId.parse('INC-1');
    await log.append([fact('tool.intended', body, { actor: SYSTEM, traceId: 't', incident })]);
  }
  await log.close();
  return join(dir, 'log');
}

const result = (over: Partial<RunResult> = {}): RunResult => ({
  scenario: 'bad-deploy',
  expected: 'recovered',
  outcome: 'recovered',
  culprit: 'checkout',
  brokenService: 'checkout',
  actions: [],
  verified: true,
  mode: 'rules',
  modelCalls: 0,
  usdMicros: 0,
  ms: 1,
  ...over,
});

function named(name: string): Scenario {
  const found = scenario(name, 0);
  if (found === undefined) throw new Error(`no scenario ${name}`);
  return found;
}

test('a run that did what the table says is right', async () => {
  const log = await aLog([
    ['service_rollback', 'checkout', 'dry_run'],
    ['service_rollback', 'checkout'],
  ]);
  expect(await judge(named('bad-deploy'), result(), log)).toEqual({
    kind: 'known',
    wrong: [],
    wrongActions: [],
  });
});

test.each<[string, readonly Change[], string]>([
  ['the right change on another service', [['service_rollback', 'gateway']], 'service_rollback gateway'],
  ['a change that the table does not list', [['service_restart', 'checkout']], 'service_restart checkout'],
  [
    'the same change twice',
    [
      ['service_rollback', 'checkout'],
      ['service_rollback', 'checkout'],
    ],
    'service_rollback checkout',
  ],
  [
    'an undo that nobody expects',
    [
      ['service_rollback', 'checkout'],
      ['service_rollback', 'checkout', 'undo'],
    ],
    'undo:service_rollback checkout',
  ],
])('%s is a wrong action, whatever the run says of itself', async (_, changes, action) => {
  const said = result({ actions: ['service_rollback'] });
  const { wrongActions, wrong } = await judge(named('bad-deploy'), said, await aLog(changes));
  expect(wrongActions).toEqual([action]);
  expect(wrong).toContain(`WRONG ACTION ${action}`);
});

test('a fault that was not repaired is missed, but nothing wrong was done', async () => {
  const said = result({ outcome: 'escalated', culprit: null });
  const { wrong, wrongActions } = await judge(named('bad-deploy'), said, await aLog([]));
  expect(wrong).toEqual([
    'ended escalated, not recovered',
    'named nobody, not checkout',
    'did nothing, not service_rollback',
  ]);
  expect(wrongActions).toEqual([]);
});

test('of a fault that no rule knows nobody must be named', async () => {
  const unknown = blindScenario(3);
  const said = result({ outcome: 'escalated', culprit: null });
  expect(await judge(unknown, said, await aLog([]))).toEqual({
    kind: 'unknown',
    wrong: [],
    wrongActions: [],
  });
  const { wrong } = await judge(unknown, { ...said, culprit: 'gateway' }, await aLog([]));
  expect(wrong).toEqual(['named gateway, not nobody']);
});

test('a run without a result, or without a log that verifies, is not right', async () => {
  const { wrong } = await judge(named('false-alarm'), undefined, join(tmpdir(), 'firebreak-there-is-none'));
  expect(wrong).toContain('the run gave no result');
  expect(wrong.join()).toContain('the log does not verify');
});
