import { expect, test } from 'vitest';
import { decide } from '#approvals/decide.ts';
import { propose } from '#approvals/propose.ts';
import { start } from '#server/drive.ts';
import { createJobs } from '#server/jobs.ts';
import type { CallResult } from '#tools/call-result.ts';
import { aCaller, aGate, aPerson, aStep } from '../approvals/a-gate.ts';

/** A plan that people approved, on a server that has just started and still verifies its log. */
async function justStarted() {
  const gate = await aGate();
  const proposed = await propose(gate.deps, { caller: aCaller(gate.clock), steps: [aStep()] });
  if (proposed.kind !== 'requested') throw new Error(proposed.reason);
  const approval = gate.approvals.get(proposed.approval);
  if (approval === undefined) throw new Error('not folded');
  const { id, hash } = approval;
  const person = aPerson('alice');
  await decide(gate.deps, { approval: id, hash, decision: 'approve', person, via: 'cli', typed: null });
  gate.flags.now = { ...gate.flags.now, unverified: true };
  const verified = Promise.withResolvers<boolean>();
  const errors: string[] = [];
  const jobs = createJobs((_, message) => errors.push(message));
  const made: string[] = [];
  const unseen = async (): Promise<CallResult> => ({
    id: 'm',
    call: null,
    tool: 'metrics_query',
    outcome: { kind: 'gap', reason: 'unreachable', text: 'cannot be reached' },
  });
  const carry = {
    gate: gate.deps,
    invoke: {
      turn: async () => [],
      one: unseen,
      dryRun: async () => ({ kind: 'step', step: aStep() }) as const,
    },
    execute: {
      ready: async () => 'up' as const,
      change: async () => {
        made.push(approval.state);
        return { kind: 'done', generation: 8, tookMs: 1e300 } as const;
      },
      settle: async () => 'unknown' as const,
    },
  };
  start({ jobs, carry, mayChange: () => verified.promise }, id);
  return { ...gate, approval, verified, jobs, made, errors };
}

test('what people approved waits for the log to be verified, and then is done', async () => {
  const { approval, flags, verified, jobs, made, errors } = await justStarted();
  expect({ state: approval.state, made }).toEqual({ state: 'approved', made: [] });
  flags.now = { ...flags.now, unverified: false };
  verified.resolve(true);
  await jobs.idle();
  expect({ state: approval.state, made, errors }).toEqual({
    state: 'succeeded',
    made: ['started'],
    errors: [],
  });
});

test('it is not done when the log is found to be bad', async () => {
  const { approval, verified, jobs, made } = await justStarted();
  verified.resolve(true);
  await jobs.idle();
  expect({ state: approval.state, made }).toEqual({ state: 'invalidated', made: [] });
});

test('a server that stops before leaves it to the next start', async () => {
  const { approval, verified, jobs, made } = await justStarted();
  verified.resolve(false);
  await jobs.idle();
  expect({ state: approval.state, made }).toEqual({ state: 'approved', made: [] });
});

test('switched off while its intent is being written, a change does not begin', async () => {
  const { approval, flags, verified, jobs, made, log } = await justStarted();
  flags.now = { ...flags.now, unverified: false };
  log.subscribe((entries) => {
    if (entries.some(({ kind }) => kind === 'tool.intended')) flags.now = { ...flags.now, off: true };
  });
  verified.resolve(true);
  await jobs.idle();
  expect({ state: approval.state, made }).toEqual({ state: 'failed', made: [] });
});
