import { dirname, resolve } from 'node:path';
import type { People } from '#approvals/people.ts';
import type { Policy } from '#approvals/policy.ts';
import type { Terms } from '#approvals/policy-standing.ts';
import { FirebreakError } from '#core/errors.ts';
import { sha256, taggedHash } from '#core/hash.ts';
import type { Digest } from '#core/ids.ts';
import type { Secret } from '#core/secret.ts';
import type { Inventory, Service } from '#incidents/inventory.ts';
import type { WatchRule } from '#intake/watch.ts';
import { standardSignals } from '#tools/drivers/standard-signals.ts';
import { buildActions } from './config-actions.ts';
import { buildClusters, buildSystem, type Cluster } from './config-cluster.ts';
import { buildDoctor, type DoctorSettings } from './config-doctor.ts';
import { buildDuty, buildTeam, type DutySettings, type Team } from './config-duty.ts';
import { buildGitHub, type GitHubSource } from './config-github.ts';
import { buildListen } from './config-listen.ts';
import { buildMcp, type McpSettings } from './config-mcp.ts';
import { buildModels, type ModelSettings } from './config-models.ts';
import {
  buildPagerDuty,
  buildPagerDutySource,
  type PagerDutySettings,
  type PagerDutySource,
} from './config-pagerduty.ts';
import { buildPerson } from './config-people.ts';
import type { ConfigFile } from './config-schema.ts';
import { buildSilencers, type Silencer } from './config-silencers.ts';
import { buildSlack, type SlackSettings } from './config-slack.ts';
import { buildTelemetry, type Telemetry, takesPromql } from './config-telemetry.ts';
import { buildTelemetryStores, type TelemetryStores } from './config-telemetry-stores.ts';
import type { Listen } from './listen-rules.ts';
import type { SecretHandle } from './secrets.ts';

export type Source =
  | {
      readonly kind: 'alertmanager';
      readonly id: string;
      /** Each of them may post; none: we only ask it. */
      readonly tokens: readonly Secret[];
      readonly poll: Poll | null;
    }
  | { readonly kind: 'generic'; readonly id: string; readonly tokens: readonly Secret[] }
  | PagerDutySource;
export type Poll = { readonly url: string; readonly everyMs: number; readonly token: Secret | null };

export type WorkloadSource = {
  readonly id: string;
  /** Absolute path of the file with the credential for changes; only the process that makes changes reads it. */
  readonly actTokenFile: string | null;
} & (
  | { readonly kind: 'process'; readonly url: string /** For reading. */; readonly token: Secret }
  | { readonly kind: 'kubernetes'; readonly cluster: Cluster; readonly namespace: string }
);

/** Everything that the server is told, checked. Holds secrets only as `Secret`, which cannot be written out. */
export type Config = DutySettings &
  TelemetryStores & {
    /** Absolute path of the file. */
    readonly file: string;
    /** SHA-256 of the file. */
    readonly digest: Digest;
    /** A demo's throw-away people: their decisions are recorded as `via: demo`. */
    readonly demo: boolean;
    readonly listen: Listen;
    readonly environment: string;
    readonly defaultOwner: string;
    readonly teams: readonly Team[];
    readonly people: People;
    readonly sources: ReadonlyMap<string, Source>;
    readonly watches: readonly WatchRule[];
    readonly telemetry: ReadonlyMap<string, Telemetry>;
    readonly clusters: ReadonlyMap<string, Cluster>;
    readonly workloads: ReadonlyMap<string, WorkloadSource>;
    readonly inventory: Inventory;
    /** By the source whose pages they make. */
    readonly silencers: ReadonlyMap<string, Silencer>;
    /** Absolute path of the runbook folder. */
    readonly runbooks: string | null;
    readonly policy: Policy;
    /** Every credential that the file names, for whoever must not let one out. */
    readonly secrets: readonly Secret[];
    /** The same with what they are called in the file. */
    readonly secretHandles: readonly SecretHandle[];
    readonly mcp: McpSettings;
    /** Null: the rules play every agent. */
    readonly models: ModelSettings | null;
    /** Null: PagerDuty is told nothing. */
    readonly pagerduty: PagerDutySettings | null;
    /** Null: changes of code are not looked up. */
    readonly github: GitHubSource | null;
    /** Null: nobody is told anything in Slack. */
    readonly slack: SlackSettings | null;
    readonly limits: { readonly changes: number };
    /** Absolute path of a file outside the data directory that checkpoints are appended to. */
    readonly anchors: { readonly file: string; readonly everyMs: number } | null;
    /** How long the content of incidents is kept; null = for ever. */
    readonly retention: { readonly payloadsMs: number | null };
    readonly doctor: DoctorSettings;
    readonly timing: {
      readonly approvalMs: number;
      readonly verify: { readonly samples: number; readonly everyMs: number; readonly windowMs: number };
    };
  };

export type Resolved = {
  /** Absolute path of the file, and its text. */
  readonly path: string;
  readonly text: string;
  readonly file: ConfigFile;
  /** The environment, for settings that name a variable. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Secrets by the reference that names them. */
  readonly secrets: ReadonlyMap<string, SecretHandle>;
};

/** Makes the typed config of a file that was checked; throws `bug` when a reference was not. */
export function buildConfig(input: Resolved): Config {
  const { path, text, file } = input;
  const terms = buildTerms(file);
  const secretOf = (ref: string): Secret => input.secrets.get(ref)?.secret ?? lost(ref);
  return {
    file: path,
    digest: sha256(text),
    demo: file.demo,
    listen: buildListen(file.listen, { base: dirname(path), env: input.env }),
    environment: file.environment,
    defaultOwner: file.default_owner,
    teams: file.teams.map(buildTeam),
    ...buildDuty(file, secretOf),
    ...terms,
    watches: file.watches.map((watch) => buildWatch(watch, terms.inventory)),
    ...buildConnections(input),
    ...buildTelemetryStores(file, secretOf),
    silencers: buildSilencers(file.sources, secretOf),
    mcp: buildMcp(file.mcp, secretOf),
    runbooks: file.runbooks === undefined ? null : resolve(dirname(path), file.runbooks),
    secrets: [...input.secrets.values()].map(({ secret }) => secret),
    secretHandles: [...input.secrets.values()],
    models: file.models === undefined ? null : buildModels(file.models, secretOf),
    pagerduty: buildPagerDuty(file.pagerduty, secretOf),
    github: buildGitHub(file.github, secretOf),
    slack: buildSlack(file, (ref = 'slack') => secretOf(ref)),
    limits: { changes: file.limits.changes_per_incident },
    anchors:
      file.anchors === undefined
        ? null
        : { file: resolve(dirname(path), file.anchors.file), everyMs: file.anchors.every },
    retention: { payloadsMs: file.retention.payloads },
    doctor: buildDoctor(file),
    timing: {
      approvalMs: file.timing.approval,
      verify: {
        samples: file.timing.verify_samples,
        everyMs: file.timing.verify_every,
        windowMs: file.timing.verify_window,
      },
    },
  };
}

/** Who may change what. */
export function buildTerms(file: ConfigFile): Terms {
  return {
    policy: {
      version: taggedHash('firebreak/policy/v1', file.policy),
      rules: file.policy.rules,
      caps: 'all',
    },
    inventory: buildInventory(file),
    people: new Map(file.people.map((person) => [person.id, buildPerson(person)])),
  };
}

/** What the server talks to, each with its secret. */
function buildConnections({
  path,
  file,
  secrets,
}: Resolved): Pick<Config, 'sources' | 'telemetry' | 'clusters' | 'workloads'> {
  const secretOf = (ref: string): Secret => secrets.get(ref)?.secret ?? lost(ref);
  const maybe = (ref: string | undefined): Secret | null => (ref === undefined ? null : secretOf(ref));
  const sources = Object.entries(file.sources).map(([id, source]): [string, Source] => {
    if (source.kind === 'pagerduty') return [id, buildPagerDutySource(id, source, secretOf)];
    const tokens = (source.token ?? []).map(secretOf);
    if (source.kind === 'generic') return [id, { kind: 'generic', id, tokens }];
    const poll = source.poll && {
      url: source.poll.url,
      everyMs: source.poll.every,
      token: maybe(source.poll.token),
    };
    return [id, { kind: 'alertmanager', id, tokens, poll: poll ?? null }];
  });
  const clusters = buildClusters(file.clusters, { path, secretOf });
  const workloads = Object.entries(file.workloads).map(([id, one]): [string, WorkloadSource] => {
    const file = one.act_token === undefined ? null : actTokenFile(path, one.act_token);
    if (one.kind === 'process')
      return [id, { kind: one.kind, id, url: one.url, token: secretOf(one.token), actTokenFile: file }];
    const { kind, namespace } = one;
    const cluster = clusters.get(one.cluster) ?? lost(one.cluster);
    return [id, { kind, id, cluster, namespace, actTokenFile: file }];
  });
  return {
    sources: new Map(sources),
    telemetry: buildTelemetry(file.telemetry, maybe),
    clusters,
    workloads: new Map(workloads),
  };
}

/** Absolute path of an `act_token`, which may be written relative to the config. */
export function actTokenFile(config: string, ref: string): string {
  return resolve(dirname(config), ref.slice('file:'.length));
}

/** The services as the config file lists them, with its defaults filled in. */
export function buildInventory(file: ConfigFile): Inventory {
  const services = [
    ...file.services.map((service) => buildService(service, file)),
    ...file.systems.map((system) => buildSystem(system, file)),
  ];
  const whole = file.actions.length === 0 ? services : { services, actions: file.actions };
  const version = taggedHash('firebreak/inventory/v1', JSON.stringify(whole).normalize('NFC'));
  return {
    version,
    services: new Map(services.map((service) => [service.id, service])),
    ...(file.actions.length > 0 && { actions: buildActions(file.actions) }),
  };
}

function buildService(service: ConfigFile['services'][number], file: ConfigFile): Service {
  const { id, mode, depends_on, max_replicas, environment, owner, signals, ...others } = service;
  const { deploy_environment: deployEnvironment, ...rest } = others;
  const asked = signals ?? (service.telemetry === undefined ? {} : 'standard');
  return {
    id,
    environment: environment ?? file.environment,
    owner: owner ?? file.default_owner,
    mode,
    dependsOn: depends_on,
    maxReplicas: max_replicas,
    signals: asked === 'standard' ? standardSignals : asked,
    ...(takesPromql(file.telemetry[service.telemetry ?? '']) && { promql: true as const }),
    ...(deployEnvironment !== undefined && { deployEnvironment }),
    ...rest,
  };
}

function buildWatch(watch: ConfigFile['watches'][number], inventory: Inventory): WatchRule {
  const { service, signal, above, below, severity } = watch;
  const common = {
    service,
    environment: inventory.services.get(service)?.environment ?? lost(service),
    forMs: watch.for,
    everyMs: watch.every,
    severity,
  };
  if (signal === undefined) return { ...common, condition: { kind: 'probe' } };
  return above === undefined
    ? { ...common, condition: { kind: 'below', signal, limit: below ?? lost('below') } }
    : { ...common, condition: { kind: 'above', signal, limit: above } };
}

function lost(what: string): never {
  throw new FirebreakError('bug', `the config was built before it was checked: ${what}`);
}
