import { causeOf, outcomeOf } from '#incidents/incident.ts';
import type { InProcess } from './in-process.ts';

type Inject = InProcess['shop']['inject'];

/** One of the demo's scenarios in the simulated shop, and what must come out of it. */
export type ModelScenario = {
  readonly name: string;
  readonly fault: Parameters<Inject>[0];
  readonly broken: Parameters<Inject>[1];
  readonly page: { readonly name: string; readonly service: string };
  readonly outcome: ReturnType<typeof outcomeOf>;
  /** What is named as the cause, and where; null where nothing must be. */
  readonly cause: { readonly cause: string; readonly service: string } | null;
  readonly actions: readonly string[];
  /** A person repairs it while the approval waits. */
  readonly byHand?: true;
};

const on = (service: string) => (cause: string) => ({ cause, service });
const checkout = on('checkout');

/** The scenarios of `npm run demo`. */
export const modelScenarios: readonly ModelScenario[] = [
  known('bad-deploy', 'HighErrorRate', checkout('bad_deploy'), 'service_rollback'),
  known('memory-leak', 'MemoryNearLimit', checkout('memory_leak'), 'service_restart'),
  known('stuck-pool', 'HighLatency', checkout('stuck_pool'), 'service_restart'),
  known('overload', 'HighLatency', checkout('overload'), 'service_scale'),
  {
    ...known('dead-dependency', 'HighErrorRate', on('inventory')('instance_down'), 'service_restart'),
    broken: 'inventory',
    page: { name: 'HighErrorRate', service: 'gateway' },
  },
  { ...known('none', 'HighErrorRate', null), name: 'false-alarm', outcome: 'nothing_wrong' },
  {
    ...known('bad-deploy', 'HighErrorRate', checkout('bad_deploy')),
    ...{ name: 'fixed-by-hand', outcome: 'by_hand', byHand: true },
  },
  {
    ...known('wrong-fix', 'HighLatency', checkout('overload')),
    ...{ outcome: 'escalated', actions: ['service_scale', 'undo:service_scale'] },
  },
  { ...known('unknown-bad-record', 'HighErrorRate', null), outcome: 'escalated' },
];

function known(
  fault: ModelScenario['fault'],
  page: string,
  cause: ModelScenario['cause'],
  ...actions: string[]
): ModelScenario {
  return {
    ...{ name: fault, fault, broken: 'checkout', page: { name: page, service: 'checkout' } },
    ...{ outcome: 'recovered', cause, actions },
  };
}

/** What a run of a scenario came to, as a test compares it. */
export type Came = {
  readonly outcome: string;
  readonly cause: ModelScenario['cause'];
  readonly actions: readonly string[];
};

export function expected({ outcome, cause, actions }: ModelScenario): Came {
  return { outcome, cause, actions };
}

/** Breaks the shop, pages, says yes to what is asked (or repairs by hand), and waits for the end. */
export async function play(run: InProcess, scenario: ModelScenario): Promise<Came> {
  run.shop.inject(scenario.fault, scenario.broken);
  await run.clock.advance(12_000);
  await run.page(scenario.page);
  await untilPeople(run);
  const isOver = () => isEnded(run);
  if (!isOver()) {
    if (scenario.byHand) {
      run.shop.repairByHand();
      await run.clock.advance(3_000);
      await run.clear(scenario.page);
    } else await run.decide('approve');
    await run.until(isOver);
  }
  await atRest(run);
  return came(run);
}

const isEnded = (run: InProcess): boolean =>
  run.incident().resolved !== null || run.incident().escalated !== null;

/** Lets time pass until it is over, or people are asked about a change. */
export async function untilPeople(run: InProcess): Promise<void> {
  const isAsked = () => run.folds.approvals.all().some((one) => one.state === 'pending');
  await run.until(() => isEnded(run) || isAsked());
}

function came(run: InProcess): Came {
  const incident = run.incident();
  const named = causeOf(incident);
  return {
    outcome: outcomeOf(incident),
    cause: named === null ? null : { cause: named.cause, service: named.service },
    actions: incident.actions,
  };
}

/** Lets time pass until no run and no step is under way: whoever waits for a second try needs time for it. */
export async function atRest(run: InProcess): Promise<void> {
  let rests = false;
  const idle = run.firebreak.idle().then(() => {
    rests = true;
  });
  await run.until(() => rests);
  await idle;
}
