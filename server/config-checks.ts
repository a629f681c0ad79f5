import { checkActions, servicesWithActions } from './config-actions.ts';
import { checkClusters } from './config-cluster.ts';
import { checkDuty } from './config-duty-checks.ts';
import { checkCode } from './config-github.ts';
import { checkMcp } from './config-mcp-checks.ts';
import { checkModels } from './config-model-checks.ts';
import { checkPeople } from './config-people.ts';
import { show } from './config-problems.ts';
import { type Group, group, list } from './config-shape.ts';
import { hasSilencer } from './config-silencers.ts';
import { checkSlack } from './config-slack.ts';
import type { Path, Problem } from './config-yaml.ts';
import { didYouMean } from './suggest.ts';

/**
 * What refers to what. Reads the file as it was written, as far as it can be read, so that these mistakes are listed
 * together with all others; a part of the wrong type is empty here and reported by the schema.
 */
export function checkReferences(file: unknown): Problem[] {
  const root = group(file);
  const known: Known = {
    team: idsOf(root.teams),
    service: new Set([...idsOf(root.services), ...idsOf(root.systems)]),
    telemetry: new Set(Object.keys(group(root.telemetry))),
    workload: new Set(Object.keys(group(root.workloads))),
    log_store: new Set(Object.keys(group(root.log_stores))),
    database: new Set(Object.keys(group(root.databases))),
    cluster: new Set(Object.keys(group(root.clusters))),
  };
  return [
    ...['teams', 'people', 'services', 'systems'].flatMap((part) => repeated(part, root[part], 'id')),
    ...checkPeople(root.people),
    ...refers(['default_owner'], root.default_owner, { known, as: 'team' }),
    ...list(root.people).flatMap((person, at) =>
      referAll(['people', at, 'teams'], group(person).teams, { known, as: 'team' }),
    ),
    ...list(root.services).flatMap((service, at) =>
      checkService(['services', at], group(service), { known, root }),
    ),
    ...list(root.services).flatMap((service, at) =>
      checkActToken(['services', at, 'mode'], group(service), group(root.workloads)),
    ),
    ...Object.entries(group(root.workloads)).flatMap(([id, one]) =>
      checkWorkload(['workloads', id], group(one), known),
    ),
    ...list(root.services).flatMap((service, at) => checkCode(['services', at], group(service), root)),
    ...list(root.systems).flatMap((system, at) => checkSystem(['systems', at], group(system), known)),
    ...checkClusters(root),
    ...list(root.watches).flatMap((watch, at) =>
      checkWatch(['watches', at], group(watch), { known, services: list(root.services) }),
    ),
    ...Object.entries(group(root.sources)).flatMap(([id, source]) =>
      checkSource(['sources', id], group(source), known),
    ),
    ...Object.entries(group(root.telemetry)).flatMap(([id, one]) =>
      checkTelemetry(['telemetry', id], group(one), known),
    ),
    ...checkMcp(root),
    ...Object.entries(group(root.mcp)).flatMap(([id, one]) =>
      referAll(['mcp', id, 'services'], group(one).services, { known, as: 'service' }),
    ),
    ...checkActions(root, known.service),
    ...checkDuty(file),
    ...checkModels(file),
    ...checkSlack(root),
    ...list(group(root.policy).rules).flatMap((rule, at) =>
      referAll(
        ['policy', 'rules', at, 'services'],
        list(group(rule).services).map((id) => (id === '*' ? undefined : id)),
        { known, as: 'service' },
      ),
    ),
  ];
}

type Kind = 'team' | 'service' | 'telemetry' | 'workload' | 'log_store' | 'database' | 'cluster';
type Known = Readonly<Record<Kind, ReadonlySet<string>>>;
const SECTIONS: Readonly<Record<Kind, string>> = {
  team: 'not a team',
  service: 'not a service',
  telemetry: 'not in telemetry',
  workload: 'not in workloads',
  log_store: 'not in log_stores',
  database: 'not in databases',
  cluster: 'not in clusters',
};

function checkService(path: Path, service: Group, { known, root }: { known: Known; root: Group }): Problem[] {
  const workload = group(service.workload);
  const problems = [
    ...refers([...path, 'owner'], service.owner, { known, as: 'team' }),
    ...referAll([...path, 'depends_on'], service.depends_on, { known, as: 'service' }),
    ...refers([...path, 'telemetry'], service.telemetry, { known, as: 'telemetry' }),
    ...refers([...path, 'loki'], service.loki, { known, as: 'log_store' }),
    ...refers([...path, 'postgres', 'driver'], group(service.postgres).driver, { known, as: 'database' }),
    ...refers([...path, 'workload', 'driver'], workload.driver, { known, as: 'workload' }),
    ...refers([...path, 'cluster', 'driver'], group(service.cluster).driver, { known, as: 'cluster' }),
  ];
  list(service.depends_on).forEach((id, at) => {
    if (id === service.id)
      problems.push({ path: [...path, 'depends_on', at], message: 'is the service itself' });
  });
  const hasOther = servicesWithActions(root).has(service.id) || hasSilencer(root);
  const hasNothing = service.workload === undefined && !hasOther;
  if ((service.mode === 'act' || service.mode === 'propose') && hasNothing) {
    problems.push({
      path: [...path, 'mode'],
      message: `${service.mode} needs a workload: there is nothing to change`,
    });
  }
  if (service.signals !== undefined && service.telemetry === undefined) {
    problems.push({ path: [...path, 'signals'], message: 'needs telemetry: the numbers come from nowhere' });
  }
  return problems;
}

function checkActToken(path: Path, { mode, workload }: Group, workloads: Group): Problem[] {
  const { driver } = group(workload);
  if (mode !== 'act' || typeof driver !== 'string' || !Object.hasOwn(workloads, driver)) return [];
  if (group(workloads[driver]).act_token !== undefined) return [];
  const message = `act needs workloads.${driver}.act_token: a file with the credential for changes`;
  return [{ path, message }];
}

function checkSystem(path: Path, { owner, cluster }: Group, known: Known): Problem[] {
  return [
    ...refers([...path, 'owner'], owner, { known, as: 'team' }),
    ...refers([...path, 'cluster', 'driver'], group(cluster).driver, { known, as: 'cluster' }),
  ];
}

function checkWorkload(path: Path, { token, act_token, cluster }: Group, known: Known): Problem[] {
  const named = refers([...path, 'cluster'], cluster, { known, as: 'cluster' });
  if (named.length > 0) return named;
  if (typeof token !== 'string' || token !== act_token) return [];
  const message = 'is the same as token: changes need a credential that the server itself does not hold';
  return [{ path: [...path, 'act_token'], message }];
}

function checkWatch(
  path: Path,
  watch: Group,
  world: { known: Known; services: readonly unknown[] },
): Problem[] {
  const problems = refers([...path, 'service'], watch.service, { known: world.known, as: 'service' });
  const service = world.services.map(group).find((one) => one.id === watch.service);
  const lacks = (setting: string) => service !== undefined && service[setting] === undefined;
  const limits = [watch.above, watch.below].filter((limit) => limit !== undefined).length;
  if ((watch.probe === undefined) === (watch.signal === undefined)) {
    problems.push({ path, message: 'needs either probe: true or a signal' });
  } else if (watch.signal !== undefined && limits !== 1) {
    problems.push({ path, message: 'a signal needs either above or below' });
  } else if (watch.probe !== undefined && limits > 0) {
    problems.push({ path, message: 'a probe has no limit; leave out above and below' });
  } else if (watch.probe !== undefined && lacks('probe')) {
    problems.push({
      path: [...path, 'probe'],
      message: `service ${show([], watch.service)} has no probe address`,
    });
  } else if (watch.signal !== undefined && lacks('telemetry')) {
    problems.push({
      path: [...path, 'signal'],
      message: `service ${show([], watch.service)} has no telemetry`,
    });
  }
  return problems;
}

/** Names that the product itself uses as a source. */
const TAKEN: ReadonlySet<unknown> = new Set(['watch', 'cli', 'guard']);

function checkSource(path: Path, source: Group, known: Known): Problem[] {
  const problems: Problem[] = [];
  if (TAKEN.has(path.at(-1))) problems.push({ path, message: 'this name is taken by the product itself' });
  if (source.kind === 'alertmanager' && source.token === undefined && source.poll === undefined) {
    problems.push({ path, message: 'needs a token (it posts to us), poll (we ask it), or both' });
  }
  if (source.kind === 'pagerduty' && source.secret === undefined && source.poll === undefined) {
    problems.push({ path, message: 'needs a secret (it posts to us, signed), poll (we ask it), or both' });
  }
  for (const [name, service] of Object.entries(group(source.services)))
    problems.push(...refers([...path, 'services', name], service, { known, as: 'service' }));
  return problems;
}

function checkTelemetry(path: Path, one: Group, known: Known): Problem[] {
  const problems = list(one.targets).flatMap((target, at) =>
    refers([...path, 'targets', at, 'service'], group(target).service, { known, as: 'service' }),
  );
  if (one.kind === 'scrape' && (one.discover === undefined) === (one.targets === undefined)) {
    problems.push({ path, message: 'needs either discover or targets' });
  }
  if (one.hosts !== undefined && one.discover === undefined)
    problems.push({
      path: [...path, 'hosts'],
      message: 'goes with discover: targets name their hosts themselves',
    });
  return problems;
}

function refers(path: Path, value: unknown, { known, as }: { known: Known; as: Kind }): Problem[] {
  if (typeof value !== 'string' || known[as].has(value)) return [];
  const article = SECTIONS[as];
  return [{ path, message: `${show(path, value)} is ${article}${didYouMean(value, known[as])}` }];
}

function referAll(path: Path, values: unknown, to: { known: Known; as: Kind }): Problem[] {
  return list(values).flatMap((value, at) => refers([...path, at], value, to));
}

function repeated(part: string, items: unknown, setting: string): Problem[] {
  const seen = new Map<unknown, number>();
  return list(items).flatMap((item, at) => {
    const value = group(item)[setting];
    const first = seen.get(value);
    if (value === undefined || first === undefined) {
      seen.set(value, at);
      return [];
    }
    const path = [part, at, setting];
    return [{ path, message: `${show(path, value)} is the same as ${part}[${first}].${setting}`.trim() }];
  });
}

function idsOf(items: unknown): Set<string> {
  return new Set(
    list(items)
      .map((item) => group(item).id)
      .filter((id) => typeof id === 'string'),
  );
}
