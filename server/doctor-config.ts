import { statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { mayApprove } from '#approvals/people.ts';
import { FirebreakError, messageOf } from '#core/errors.ts';
import { inAny, LOOPBACK, parseIp } from '#core/ip.ts';
import { readKeychain } from '#core/keychain.ts';
import type {
  ConfigFact,
  InventoryFact,
  ListenFact,
  PeopleFact,
  PolicyFact,
  SecretFact,
  SourceFact,
} from '#doctor/facts.ts';
import { type Env, loadConfig, readConfigText, readTerms } from './config.ts';
import type { Config } from './config-build.ts';
import { referencesIn } from './config-secrets.ts';
import { group } from './config-shape.ts';
import type { Telemetry } from './config-telemetry.ts';
import { readYaml, type YamlFile } from './config-yaml.ts';
import { actSecretFiles } from './doctor-files.ts';
import { secretFileProblem } from './secret-file.ts';
import { createSecrets } from './secrets.ts';

/**
 * The config as the next start would take it, with what is wrong in it. Where that is only a secret that cannot be used or
 * a program that is unfit, everything else can still be looked at; else `config` is null.
 */
export function readConfigFact(
  path: string,
  env: Env,
): { readonly fact: ConfigFact; readonly config: Config | null } {
  const changedAt = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? null;
  const fact = {
    path,
    problems: [] as readonly string[],
    changedAt: changedAt === null ? null : Math.floor(changedAt),
  };
  try {
    return { fact, config: loadConfig(path, env) };
  } catch (error) {
    return { fact: { ...fact, problems: linesOf(error) }, config: lookedAt(path, env) };
  }
}

function lookedAt(path: string, env: Env): Config | null {
  try {
    return loadConfig(path, env, { lookOnly: true });
  } catch {
    return null;
  }
}

/** The same without its secrets, for a server that has them already. */
export function recheckConfig(path: string): ConfigFact {
  const changedAt = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? null;
  const fact = { path, changedAt: changedAt === null ? null : Math.floor(changedAt) };
  try {
    readTerms(path);
    return { ...fact, problems: [] };
  } catch (error) {
    return { ...fact, problems: linesOf(error) };
  }
}

function linesOf(error: unknown): string[] {
  if (!(error instanceof FirebreakError)) throw error;
  // `token: there` would pass for a secret that is taken out.
  return messageOf(error)
    .split('\n')
    .map((line) => line.replace(/^(\S+:\d+ {2}\S+): /, '$1 - '));
}

export function listenOf({ listen }: Config): ListenFact {
  const { host, port, tls, trustedProxies } = listen;
  return { host, port, tls: tls !== null, proxied: trustedProxies.length > 0 };
}

export function peopleOf({ people, teams, inventory, slack }: Config): PeopleFact {
  const withSlack = new Set(slack?.people.values());
  return {
    people: [...people.values()].map(({ id, roles, teams: own, tokens }) => ({
      ...{ id, roles, teams: own, hasToken: tokens.length > 0, hasSlack: withSlack.has(id) },
      expiresAt: lastExpiry(tokens),
    })),
    teams: teams.map(({ id }) => ({
      id,
      mayBeChanged: [...inventory.services.values()]
        .filter(({ owner, mode }) => owner === id && mode === 'act')
        .map((one) => one.id),
    })),
  };
}

/** When the last of them ends, ms; null: one does not. */
function lastExpiry(tokens: readonly { readonly expires: number | null }[]): number | null {
  const ends = tokens.flatMap(({ expires }) => expires ?? []);
  return ends.length < tokens.length || ends.length === 0 ? null : Math.max(...ends);
}

/** `waiting`: how many answers of the config were not accepted yet. */
export function policyOf({ inventory, people }: Config, waiting: number): PolicyFact {
  const services = [...inventory.services.values()].filter(({ mode }) => mode === 'act');
  const approvers = [...people.values()].filter(mayApprove);
  return { waiting, unapprovable: approvers.length > 0 ? [] : services.map(({ id }) => id) };
}

export function inventoryOf({ inventory }: Config): InventoryFact {
  return {
    services: [...inventory.services.values()].map((one) => ({
      id: one.id,
      isSeen:
        Object.keys(one.signals).length > 0 ||
        [one.telemetry, one.logs, one.loki, one.postgres, one.host, one.cluster].some(
          (way) => way !== undefined,
        ),
      isProbed: one.probe !== undefined || one.isSystem === true,
    })),
  };
}

export function sourcesOf({ sources }: Config): SourceFact[] {
  return [...sources.values()].map((source) => ({
    id: source.id,
    secrets: source.kind === 'pagerduty' ? source.secrets.length : source.tokens.length,
    isPolled: source.kind !== 'generic' && source.poll !== null,
  }));
}

/** The secrets of a running server, as they are now. */
export function heldSecrets(config: Config): SecretFact[] {
  return [
    ...config.secretHandles.map((handle) => ({ name: handle.ref, problem: handle.problem() ?? null })),
    ...actSecretFiles(config).map((path) => ({
      name: `file:${path}`,
      problem: secretFileProblem(path) ?? null,
    })),
  ];
}

/** The secrets that a config file names, looked up by name, also where the rest of the file is wrong; null: it cannot be read. */
export function namedSecrets(path: string, env: Env): SecretFact[] | null {
  const yaml = yamlOf(path);
  if (yaml?.kind !== 'read') return null;
  const { platform } = process;
  const keychain = (name: string) => readKeychain(name, { platform, env });
  const base = dirname(path);
  const store = createSecrets({ env, base, clock: { mono: () => 0 }, keychain });
  const seen = new Map(referencesIn(group(yaml.value)).map((one) => [one.ref, one]));
  return [...seen.values()].map(({ ref, held }) => ({
    name: ref,
    problem:
      (held ? store.handle(ref).problem() : secretFileProblem(resolve(base, ref.slice('file:'.length)))) ??
      null,
  }));
}

function yamlOf(path: string): YamlFile | null {
  try {
    return readYaml(readConfigText(path));
  } catch {
    return null;
  }
}

/** Addresses without TLS that leave this machine, as `http://host`. */
export function plainAddresses(config: Config): string[] {
  const urls = [
    ...[...config.sources.values()].map((one) => ('poll' in one ? one.poll?.url : undefined)),
    ...[...config.workloads.values()].map((one) => (one.kind === 'process' ? one.url : undefined)),
    ...[...config.telemetry.values()].flatMap(telemetryAddresses),
    ...[...config.logStores.values(), ...config.silencers.values()].map(({ url }) => url),
    config.slack?.apiUrl ?? undefined,
    config.pagerduty?.api,
    config.heartbeat?.url,
  ];
  const found = urls.flatMap((text) => {
    const url = text === undefined ? null : URL.parse(text);
    if (url === null || url.protocol !== 'http:' || isThisMachine(url.hostname)) return [];
    return [`http://${url.host}`];
  });
  return [...new Set(found)];
}

/** Pages of metrics are read without a secret, unless a token goes with each request. */
function telemetryAddresses(one: Telemetry): (string | undefined)[] {
  if (one.kind !== 'scrape') return ['url' in one ? one.url : undefined];
  return one.token === null ? [] : [one.discover ?? undefined, ...one.targets.map(({ url }) => url)];
}

function isThisMachine(hostname: string): boolean {
  const ip = parseIp(hostname.replace(/^\[|\]$/g, ''));
  return hostname === 'localhost' || (ip !== undefined && inAny(ip, LOOPBACK));
}
