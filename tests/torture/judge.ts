import type { Entry } from '#audit/log.ts';
import { verifyLog } from '#audit/verify.ts';
import { brokenService, FAULTS } from '#demo/faults.ts';
import type { RunResult } from '#demo/run.ts';
import type { Scenario } from '#demo/scenarios.ts';
import { readFact } from '#incidents/entry.ts';

/** `none`: nothing is broken; `known` and `unknown` as the table of faults says. */
export type Kind = 'known' | 'unknown' | 'none';
export type Verdict = {
  readonly kind: Kind;
  /** What is not as it must be; nothing when the run was right. */
  readonly wrong: readonly string[];
  /** Changes that were started and that the table does not list, or on a service that was not broken. */
  readonly wrongActions: readonly string[];
};

/**
 * Compares a run with the table of scenarios. What was changed, and where, is read from the log that the run left in
 * `logDir`, not from what the run says about itself. Throws only if a file cannot be read.
 */
export async function judge(
  scenario: Scenario,
  result: RunResult | undefined,
  logDir: string,
): Promise<Verdict> {
  const kind = scenario.break === null ? 'none' : FAULTS[scenario.break.fault].kind;
  const changes: Change[] = [];
  const log = await verifyLog({ dir: logDir, onEntry: (entry) => changes.push(...changeOf(entry)) });
  const wrongActions = wrongOf(scenario, changes);
  const wrong = [
    ...(result === undefined ? ['the run gave no result'] : differences(scenario, result)),
    ...(log.kind === 'bad' ? [`the log does not verify: ${log.reason}`] : []),
    ...(changes.map(({ action }) => action).join() === scenario.actions.join()
      ? []
      : [`did ${list(changes.map(named))}, not ${list(scenario.actions)}`]),
    ...wrongActions.map((action) => `WRONG ACTION ${action}`),
  ];
  return { kind, wrong, wrongActions };
}

type Change = { action: string; service: string };

/** A change of production that was started: its intent stands in the log. */
function changeOf(entry: Entry): Change[] {
  const fact = readFact(entry);
  if (fact?.kind !== 'tool.intended' || fact.body.approval === null) return [];
  const { tool, phase, args } = fact.body;
  if (phase !== 'run' && phase !== 'undo') return [];
  return [{ action: phase === 'undo' ? `undo:${tool}` : tool, service: String(args.target) }];
}

/** Each action that the table lists may be done once, on the broken service. */
function wrongOf(scenario: Scenario, changes: readonly Change[]): string[] {
  const { broken } = truthOf(scenario);
  const allowed = [...scenario.actions];
  return changes.flatMap((change) => {
    const at = allowed.indexOf(change.action);
    if (at >= 0) allowed.splice(at, 1);
    return at >= 0 && change.service === `service:${broken}` ? [] : [named(change)];
  });
}

function differences(scenario: Scenario, result: RunResult): string[] {
  const { broken, kind } = truthOf(scenario);
  const culprit = kind === 'known' ? broken : null;
  return [
    ...(result.outcome === scenario.expected ? [] : [`ended ${result.outcome}, not ${scenario.expected}`]),
    ...(result.culprit === culprit
      ? []
      : [`named ${result.culprit ?? 'nobody'}, not ${culprit ?? 'nobody'}`]),
  ];
}

function truthOf({ break: broken }: Scenario) {
  if (broken === null) return { broken: null, kind: 'none' } as const;
  const { fault, service } = broken;
  return { broken: brokenService(fault, service), kind: FAULTS[fault].kind };
}

function named({ action, service }: Change): string {
  return `${action} ${service.replace('service:', '')}`;
}

function list(names: readonly string[]): string {
  return names.length === 0 ? 'nothing' : names.join(', ');
}
