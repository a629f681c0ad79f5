import { dirname, resolve } from 'node:path';
import type { People } from '#approvals/people.ts';
import type { Policy } from '#approvals/policy.ts';
import { FirebreakError } from '#core/errors.ts';
import { sha256, taggedHash } from '#core/hash.ts';
import type { Digest, ServiceId } from '#core/ids.ts';
import type { Secret } from '#core/secret.ts';
import type { Inventory, Service } from '#incidents/inventory.ts';
import type { WatchRule } from '#intake/watch.ts';
import { standardSignals } from '#tools/drivers/standard-signals.ts';
import type { ConfigFile } from './config-schema.ts';

export type Source =
  | {
      readonly kind: 'alertmanager';
      readonly id: string;
      readonly token: Secret | null;
      readonly poll: Poll | null;
    }
  | { readonly kind: 'generic'; readonly id: string; readonly token: Secret };
export type Poll = { readonly url: string; readonly everyMs: number; readonly token: Secret | null };

export type Telemetry =
  | {
      readonly kind: 'scrape';
      readonly id: string;
      /** Address that lists the targets; null where `targets` lists them. */
      readonly discover: string | null;
      readonly targets: readonly { readonly service: ServiceId; readonly url: string }[];
      readonly token: Secret | null;
      readonly everyMs: number;
      readonly keepMs: number;
    }
  | {
      readonly kind: 'prometheus';
      readonly id: string;
      readonly url: string;
      readonly token: Secret | null;
      readonly label: string;
    };

export type WorkloadSource = {
  readonly kind: 'process';
  readonly id: string;
  readonly url: string;
  readonly token: Secret;
};
export type Team = { readonly id: string; readonly name: string };

/** Everything that the server is told, checked. Holds secrets only as `Secret`, which cannot be written out. */
export type Config = {
  /** Absolute path of the file. */
  readonly file: string;
  /** SHA-256 of the file. */
  readonly digest: Digest;
  /** A demo's throw-away people: their decisions are recorded as `via: demo`. */
  readonly demo: boolean;
  readonly listen: { readonly host: string; readonly port: number };
  readonly environment: string;
  readonly defaultOwner: string;
  readonly teams: readonly Team[];
  readonly people: People;
  readonly sources: ReadonlyMap<string, Source>;
  readonly watches: readonly WatchRule[];
  readonly telemetry: ReadonlyMap<string, Telemetry>;
  readonly workloads: ReadonlyMap<string, WorkloadSource>;
  readonly inventory: Inventory;
  /** Absolute path of the runbook folder. */
  readonly runbooks: string | null;
  readonly policy: Policy;
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
  /** Secrets by the reference that names them. */
  readonly secrets: ReadonlyMap<string, Secret>;
};

/** Makes the typed config of a file that was checked; throws `bug` when a reference was not. */
export function buildConfig(input: Resolved): Config {
  const { path, text, file } = input;
  const inventory = buildInventory(file);
  return {
    file: path,
    digest: sha256(text),
    demo: file.demo,
    listen: file.listen,
    environment: file.environment,
    defaultOwner: file.default_owner,
    teams: file.teams,
    people: new Map(file.people.map((person) => [person.id, buildPerson(person)])),
    watches: file.watches.map((watch) => buildWatch(watch, inventory)),
    ...buildConnections(input),
    inventory,
    runbooks: file.runbooks === undefined ? null : resolve(dirname(path), file.runbooks),
    policy: { version: taggedHash('firebreak/policy/v1', file.policy), rules: file.policy.rules },
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

function buildPerson({ token, ...person }: ConfigFile['people'][number]) {
  return { ...person, tokenHash: token?.slice('sha256:'.length) ?? null };
}

/** What the server talks to, each with its secret. */
function buildConnections({ file, secrets }: Resolved): Pick<Config, 'sources' | 'telemetry' | 'workloads'> {
  const secretOf = (ref: string): Secret => secrets.get(ref) ?? lost(ref);
  const maybe = (ref: string | undefined): Secret | null => (ref === undefined ? null : secretOf(ref));
  const sources = Object.entries(file.sources).map(([id, source]): [string, Source] => {
    if (source.kind === 'generic') return [id, { kind: 'generic', id, token: secretOf(source.token) }];
    const poll = source.poll && {
      url: source.poll.url,
      everyMs: source.poll.every,
      token: maybe(source.poll.token),
    };
    return [id, { kind: 'alertmanager', id, token: maybe(source.token), poll: poll ?? null }];
  });
  const telemetry = Object.entries(file.telemetry).map(([id, one]): [string, Telemetry] => {
    const token = maybe(one.token);
    if (one.kind === 'prometheus') return [id, { ...one, id, token }];
    const { kind, discover = null, targets = [], every: everyMs, keep: keepMs } = one;
    return [id, { kind, id, discover, targets, token, everyMs, keepMs }];
  });
  const workloads = Object.entries(file.workloads).map(([id, one]): [string, WorkloadSource] => [
    id,
    { ...one, id, token: secretOf(one.token) },
  ]);
  return { sources: new Map(sources), telemetry: new Map(telemetry), workloads: new Map(workloads) };
}

function buildInventory(file: ConfigFile): Inventory {
  const services = file.services.map((service) => buildService(service, file));
  const version = taggedHash('firebreak/inventory/v1', JSON.stringify(services).normalize('NFC'));
  return { version, services: new Map(services.map((service) => [service.id, service])) };
}

function buildService(service: ConfigFile['services'][number], file: ConfigFile): Service {
  const { id, mode, depends_on, max_replicas, environment, owner, signals, ...rest } = service;
  const asked = signals ?? (service.telemetry === undefined ? {} : 'standard');
  return {
    id,
    environment: environment ?? file.environment,
    owner: owner ?? file.default_owner,
    mode,
    dependsOn: depends_on,
    maxReplicas: max_replicas,
    signals: asked === 'standard' ? standardSignals : asked,
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
