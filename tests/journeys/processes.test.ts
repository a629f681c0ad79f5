import { expect, test } from 'vitest';
import { chooseApprover } from '#demo/approver.ts';
import { type WishedModel, wishedModel } from '#demo/model.ts';
import { type Finished, runScenario } from '#demo/run.ts';
import { scenario } from '#demo/scenarios.ts';

// Real processes all through. What a test waits for is a fact in the log, never a time: the machine may be busy.

const LIMIT_MS = 110_000;
/** A demo run as its table says, with what it shows at its end. */
async function run(name: string, model: WishedModel): Promise<Finished> {
  const one = scenario(name, 0);
  if (one === undefined) throw new Error(`there is no scenario ${name}`);
  const ended: Finished[] = [];
  const nothing = () => {};
  const events = {
    started: nothing,
    load: nothing,
    invite: () => Promise.resolve(),
    entry: nothing,
    finished: (about: Finished) => ended.push(about),
  };
  const problems: string[] = [];
  const approver = chooseApprover({ approveAs: 'alice', json: true }, (problem) => problems.push(problem));
  const signal = new AbortController().signal;
  await runScenario(one, { approver, events, keep: undefined, signal, model });
  expect(problems).toEqual([]);
  const [finished] = ended;
  if (finished === undefined) throw new Error('the run did not say how it ended');
  return finished;
}

test(
  'a bad deploy is found, put before people, taken back and verified, with a mocked model over its own process',
  async () => {
    const deploy = await run('bad-deploy', wishedModel('openai'));
    expect(deploy.result).toMatchObject({
      ...{ outcome: 'recovered', culprit: 'checkout', verified: true, mode: 'model' },
      actions: ['service_rollback'],
    });
    expect(deploy.log.verified).toBe(true);
    expect(deploy.load.after.errors).toBeLessThan(0.05);
  },
  LIMIT_MS,
);
