import {
  capKey,
  type evaluate,
  type Policy,
  type PolicyQuestion,
  type StopFlags,
  type Verdict,
} from '#approvals/policy.ts';
import { sha256 } from '#core/hash.ts';
import type { Mode } from '#incidents/vocabulary.ts';
import { expected, ruleSets, toolName } from './policy-oracle.ts';

type Evaluate = typeof evaluate;
export type Disagreement = { readonly question: string; readonly said: string; readonly expected: string };
export type Enumerated = { readonly cells: number; readonly wrong: Disagreement | undefined };

const callers = ['remediation', 'coordinator', 'monitor', 'diagnosis', 'system', 'person'] as const;
const tools = ['service_restart', 'service_rollback', 'service_scale', 'service_wipe', 'operator_action'];
/** What an owner accepts where the tool alone does not say what happens. */
const cellOf = (tool: string): string =>
  tool === 'operator_action' ? 'operator_action:redeploy:0a1b' : tool;
const tiers = ['R0', 'R1', 'R2', 'R3'] as const;
const environments = ['prod', 'staging'];
const services = ['checkout', 'payments'];
const modes = ['act', 'propose', 'observe'] as const;
const purposes = ['change', 'undo'] as const;
const accepted = ['all', 'act', 'propose', 'observe', 'nothing'] as const;
const flagNames = ['off', 'frozen', 'unverified', 'clockJumped', 'unreadLog', 'tampered'] as const;

/** Every combination of stop flags. */
const stops = Array.from({ length: 2 ** flagNames.length }, (_, bits) => {
  const raised = new Set(flagNames.filter((_name, at) => (bits >> at) % 2 === 1));
  const flags: StopFlags = {
    off: raised.has('off'),
    frozen: raised.has('frozen'),
    unverified: raised.has('unverified'),
    clockJumped: raised.has('clockJumped'),
    unreadLog: raised.has('unreadLog'),
    tampered: raised.has('tampered'),
  };
  return { raised, flags };
});

/**
 * Asks every question there is under every policy, and stops at the first that is answered otherwise than the table says.
 * Neighbours in the order have little in common, so that a mistake shows soon: `limit` asks only the first ones.
 */
export function enumeratePolicy(evaluate: Evaluate, limit = Number.POSITIVE_INFINITY): Enumerated {
  let cells = 0;
  for (let at = 0; at < asked.length && cells < limit; at += 1) {
    const question = asked[(at * STRIDE) % asked.length];
    if (question === undefined) throw new Error('no such question');
    const place = `${question.tool} ${question.environment} ${question.service}`;
    for (const { policy, name, asks, accepted } of policies) {
      cells += 1;
      const should = expected({ ...question, accepted, asks: asks.has(place) });
      const said = show(evaluate(policy, question));
      if (said === should) continue;
      const under = `${name}, accepted ${accepted}: ${told(question)}`;
      return { cells, wrong: { question: under, said, expected: should } };
    }
  }
  return { cells, wrong: undefined };
}

const policies = ruleSets.flatMap(({ name, rules, asks }) =>
  accepted.map((what) => {
    const caps = what === 'all' ? what : capsOf(what);
    const policy: Policy = { version: sha256('policy'), rules, caps };
    return { policy, name, accepted: what, asks: new Set(asks.map(toolName)) };
  }),
);

function capsOf(what: Mode | 'nothing'): ReadonlyMap<string, Mode> {
  if (what === 'nothing')
    return new Map([
      ['elsewhere service_restart', 'act'],
      ['checkout operator_action', 'act'],
    ]);
  // That the tool was accepted says nothing of one of the operator's actions.
  const tool = services.map((service) => [capKey(service, 'operator_action'), 'act'] as const);
  const cells = services.flatMap((service) =>
    tools.map((one) => [capKey(service, cellOf(one)), what] as const),
  );
  return new Map([...tool, ...cells]);
}

type Asked = PolicyQuestion & { readonly raised: ReadonlySet<keyof StopFlags> };

/** No divisor of the number of questions. */
const STRIDE = 65_537;
const asked: readonly Asked[] = tiers.flatMap((tier) =>
  callers.flatMap((caller) =>
    tools.flatMap((tool) =>
      everyPlace().flatMap((place) =>
        stops.map((stop) => ({ tier, caller, tool, cell: cellOf(tool), ...place, ...stop })),
      ),
    ),
  ),
);

function everyPlace() {
  return environments.flatMap((environment) =>
    services.flatMap((service) =>
      modes.flatMap((mode) => purposes.map((purpose) => ({ environment, service, mode, purpose }))),
    ),
  );
}

function show(verdict: Verdict): string {
  switch (verdict.kind) {
    case 'allow':
      return 'allow';
    case 'deny':
      return `deny ${verdict.reason}`;
    case 'record':
      return `record ${verdict.mode}`;
    case 'ask':
      return 'ask';
    default:
      return `neither: ${JSON.stringify(verdict)}`;
  }
}

function told({ raised, caller, tool, tier, service, environment, mode, purpose }: Asked): string {
  const stopped = raised.size === 0 ? 'nothing' : [...raised].join(' ');
  return `${caller} ${tool} ${tier} ${service} ${environment} ${mode} ${purpose}, raised ${stopped}`;
}
