import {
  type Check,
  type CheckId,
  fail,
  listed,
  ok,
  plural,
  type Verdict,
  warn,
  whenKnown,
} from './check.ts';
import type { Facts, Known, RightsFact } from './facts.ts';

type One = { readonly id: CheckId; readonly name: string; readonly about: string; readonly page: string };

/** The rights of a system beyond the documented least: what a stolen credential could do that we never need. */
function rightsCheck(
  { id, name, about, page }: One,
  fact: (facts: Facts) => Known<readonly RightsFact[]>,
): Check {
  return {
    id,
    severity: 'high',
    about: `${about} Asked only with --online and by the guard of a server.`,
    remedy: `Take the named rights away from the credential; what is needed is in ${page}.`,
    run: (facts) => whenKnown(fact(facts), (all) => judge(all, name, page)),
  };
}

function judge(all: readonly RightsFact[], name: string, page: string): Verdict {
  if (all.length === 0) return ok(`${name} is not configured`);
  const silent = all.flatMap((one) => (one.problem === null ? [] : [`${one.name}: ${one.problem}`]));
  if (silent.length > 0) return fail(listed(silent), `see ${page}; then: firebreak secrets check`);
  const missing = all.flatMap((one) => one.missing.map((right) => `${one.name} lacks ${right}`));
  if (missing.length > 0) return fail(listed(missing), `give it that right: ${page}`);
  const surplus = all.flatMap((one) => one.surplus.map((right) => `${one.name} may also ${right}`));
  if (surplus.length > 0) return fail(listed(surplus), `take it away: nothing here needs it (${page})`);
  return ok(`${listed(all.map((one) => one.name))}: no right more than documented`);
}

const asList = (fact: Known<RightsFact | null>): Known<readonly RightsFact[]> =>
  fact.kind === 'known' ? { kind: 'known', value: fact.value === null ? [] : [fact.value] } : fact;

const OLD_INVENTORY = 180 * 24 * 3_600_000;

const inventory: Check = {
  id: 'inventory',
  severity: 'medium',
  about:
    'There are services, each can be looked at, and somebody looked over the config in the last half year.',
  remedy: 'Give each service telemetry, a cluster or a database; read the config over, and save it.',
  run: ({ inventory: fact, config, now }) =>
    whenKnown(fact, ({ services }) => {
      if (services.length === 0)
        return warn(
          'the config has no services: pages are passed on, nothing is looked at',
          'list them under services',
        );
      const unseen = services.filter(({ isSeen }) => !isSeen).map(({ id }) => id);
      if (unseen.length > 0)
        return warn(
          `${listed(unseen)} cannot be looked at: no telemetry, logs, cluster or database`,
          'name its telemetry, or take it out',
        );
      const changedAt = config.kind === 'known' ? config.value.changedAt : null;
      if (changedAt !== null && now - changedAt > OLD_INVENTORY)
        return warn(
          'the config was not changed for over half a year',
          'read it over: services, owners, who is on duty',
        );
      const unprobed = services.filter(({ isProbed }) => !isProbed).length;
      const probes = unprobed === 0 ? '' : `, ${unprobed} without a probe`;
      return ok(`${plural(services.length, 'service')}${probes}`);
    }),
};

export const outsideChecks: readonly Check[] = [
  rightsCheck(
    {
      id: 'slack',
      name: 'Slack',
      about: 'Slack answers, and the bot has no scope beyond those of the app manifest.',
      page: 'docs/people.md',
    },
    ({ slack }) => asList(slack),
  ),
  rightsCheck(
    {
      id: 'github',
      name: 'GitHub',
      about: 'GitHub answers, and the token has no scope that writes.',
      page: 'docs/tools.md',
    },
    ({ github }) => asList(github),
  ),
  rightsCheck(
    {
      id: 'pagerduty',
      name: 'PagerDuty',
      about: 'PagerDuty answers to its token. It does not say what a token may do, so that is not looked at.',
      page: 'docs/people.md',
    },
    ({ pagerduty }) => asList(pagerduty),
  ),
  rightsCheck(
    {
      id: 'kubernetes',
      name: 'Kubernetes',
      about: 'The API servers answer, and the credential for reading may only read, and no secrets.',
      page: 'docs/kubernetes.md',
    },
    ({ kubernetes }) => kubernetes,
  ),
  inventory,
];
