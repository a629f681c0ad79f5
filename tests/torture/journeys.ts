import { blindScenario, scenario, scenarioNames } from '#demo/scenarios.ts';
import { whyNetworkStays, withoutNetwork } from '../journeys/without-network.ts';
import { type DemoRun, type Judged, runDemo } from './demo-run.ts';
import type { TortureResult } from './result.ts';

/** So many known faults may be missed (not repaired, but nothing wrong done either): 1 of 15. */
const MAY_MISS = 1 / 15;
const BLIND_RUNS = { short: 4, full: 20 };
const AT_ONCE = 2;

/**
 * Whole demo runs, each in processes of its own: every scenario, blind runs with seeds from 0 on, one run without a
 * network, and runs whose approval is clicked in Slack, for each sender of pages (short form: for PagerDuty). Each prints
 * its line as it ends. A wrong action fails whatever else went well.
 */
export async function run({ short }: { short: boolean }): Promise<TortureResult> {
  const began = performance.now();
  const blinds = blindRuns(short ? BLIND_RUNS.short : BLIND_RUNS.full);
  const why = whyNetworkStays();
  const offline = why === undefined ? [offlineRun()] : [];
  if (why !== undefined) console.log(`skipped  without a network: not possible here (${why})`);
  const judged = await atMost(AT_ONCE, [...namedRuns(), ...offline, ...slackRuns(short), ...blinds]);
  const isBlind = ({ name }: Judged): boolean => blinds.some((blind) => blind.name === name);
  return result(
    judged.filter((one) => !isBlind(one)),
    judged.filter(isBlind),
    performance.now() - began,
  );
}

function namedRuns(): DemoRun[] {
  return scenarioNames.flatMap((name) => {
    const found = scenario(name, 0);
    return found ? [{ name, scenario: found, options: ['--scenario', name, '--seed', '0'] }] : [];
  });
}

function blindRuns(count: number): DemoRun[] {
  return Array.from({ length: count }, (_, seed) => ({
    name: `blind ${seed}`,
    scenario: blindScenario(seed),
    options: ['--blind', '--seed', String(seed)],
  }));
}

function slackRuns(short: boolean): DemoRun[] {
  const [run] = namedRuns();
  if (run === undefined) throw new Error('there is no scenario');
  return (short ? ['pagerduty'] : ['alertmanager', 'pagerduty']).map((from) => ({
    ...run,
    name: `${run.name} in Slack, from ${from}`,
    options: [...run.options, '--slack-fake', '--from', from],
  }));
}

function offlineRun(): DemoRun {
  const [run] = namedRuns();
  if (run === undefined) throw new Error('there is no scenario');
  return { ...run, name: `${run.name} without a network`, within: withoutNetwork };
}

async function atMost(count: number, runs: readonly DemoRun[]): Promise<Judged[]> {
  const waiting = [...runs];
  const judged: Judged[] = [];
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const one = await runDemo(next);
      console.log(lineOf(next, one));
      judged.push(one);
    }
  };
  await Promise.all(Array.from({ length: count }, worker));
  return judged;
}

function lineOf({ scenario: { break: broken } }: DemoRun, { name, verdict, ms }: Judged): string {
  const what = broken === null ? '' : `${broken.fault} ${broken.service}`;
  const head = `${verdict.wrong.length === 0 ? 'ok' : 'NOT OK'}`.padEnd(8);
  return `${head} ${name.padEnd(28)} ${what.padEnd(30)} ${(ms / 1000).toFixed(0)} s  ${verdict.wrong.join('; ')}`;
}

function result(scenarios: readonly Judged[], blinds: readonly Judged[], ms: number): TortureResult {
  const right = (runs: readonly Judged[]): number =>
    runs.filter(({ verdict }) => verdict.wrong.length === 0).length;
  const known = blinds.filter(({ verdict }) => verdict.kind === 'known');
  const unknown = blinds.filter(({ verdict }) => verdict.kind !== 'known');
  const missed = known.length - right(known);
  const wrongActions = [...scenarios, ...blinds].flatMap(({ verdict }) => verdict.wrongActions);
  // What was done wrong is never forgiven; a fault that was only missed may be, within the bar.
  const harmful = known.filter(({ verdict }) => verdict.wrongActions.length > 0).length;
  const forgiven = missed <= Math.floor(known.length * MAY_MISS) && harmful === 0 ? missed : 0;
  const all = scenarios.length + blinds.length;
  const passed = right(scenarios) + right(blinds);
  return {
    passed,
    failed: all - passed - forgiven,
    lines: [
      `scenarios right: ${right(scenarios)} of ${scenarios.length}`,
      `known faults named and repaired: ${right(known)} of ${known.length}${forgiven > 0 ? ` (${forgiven} missed, within the bar)` : ''}`,
      `unknown faults abstained on: ${right(unknown)} of ${unknown.length}`,
      `wrong actions: ${wrongActions.length}${wrongActions.length > 0 ? ` (${wrongActions.join('; ')})` : ''}`,
      `total time: ${(ms / 1000).toFixed(0)} s`,
    ],
  };
}
