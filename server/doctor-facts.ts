import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { readIfThere } from '#audit/private-files.ts';
import { parseJson } from '#core/canonical.ts';
import type { Clock } from '#core/clock.ts';
import { messageOf } from '#core/errors.ts';
import {
  type ConfigFact,
  type EgressFact,
  type Facts,
  type GuardFact,
  type Known,
  known,
  type LogFact,
  type RightsFact,
  type SecretFact,
  unknown,
} from '#doctor/facts.ts';
import type { Config } from './config-build.ts';
import { inventoryOf, listenOf, peopleOf, plainAddresses, policyOf, sourcesOf } from './doctor-config.ts';
import { filesOf } from './doctor-files.ts';
import {
  anchorsOf,
  diskOf,
  guardFile,
  providersOf,
  retentionOf,
  spendOf,
  standingLog,
  waitingOf,
} from './doctor-log.ts';
import { executorOf, PROC, socketsOf, variablesOf } from './doctor-proc.ts';
import { mayChange } from './executor/start.ts';
import type { Folds } from './folds.ts';
import { certificateOf } from './tls.ts';

/** Rights in other systems, looked up there. */
export type OnlineRights = Pick<Facts, 'slack' | 'github' | 'pagerduty' | 'kubernetes'>;

export type FactsInput = {
  readonly dataDir: string;
  readonly clock: Pick<Clock, 'now'>;
  readonly configFact: ConfigFact;
  /** Null: it cannot be read. */
  readonly config: Config | null;
  /** Null: the config is too broken to say what secrets it names. */
  readonly secrets: readonly SecretFact[] | null;
  /** Null: there is no log yet. */
  readonly log: { readonly folds: Folds; readonly verdict: LogFact } | null;
  /** The running server of this data directory; null: none runs. */
  readonly server: { readonly pid: number; readonly startedAt: number } | null;
  /** By how much wall clock and steady clock moved apart since the last look; null: first look. */
  readonly driftMs: number | null;
  /** Null: other systems are not asked. */
  readonly online: OnlineRights | null;
  readonly uid: number | undefined;
  /** Where the machine says what processes do. */
  readonly proc?: string;
};

const NO_CONFIG = 'the config cannot be read';
const NO_LOG = 'there is no log yet';
const NO_SERVER = 'no server runs';
const NOT_ASKED = unknown('other systems are asked only with --online');

/** Gathers what the checks look at. What cannot be found out is unknown, saying why; never throws. */
export function gatherFacts(input: FactsInput): Facts {
  const { clock, config, configFact, log, online, dataDir } = input;
  const now = clock.now();
  const folds = log?.folds ?? null;
  const notAsked = config === null ? unknown(NO_CONFIG) : NOT_ASKED;
  return {
    now,
    config: known(configFact),
    ...ofConfig(input),
    ...ofProcesses(input),
    ...ofLog(input, now),
    files: trying(() => {
      const { path: configPath } = configFact;
      return filesOf({ configPath, dataDir, config, uid: input.uid });
    }),
    secrets: input.secrets === null ? unknown(NO_CONFIG) : known(input.secrets),
    disk: existsSync(dataDir)
      ? trying(() => diskOf(dataDir, folds, now))
      : unknown(`there is no folder ${dataDir}`),
    slack: online?.slack ?? notConfigured(config, config?.slack ?? null) ?? notAsked,
    github: online?.github ?? notConfigured(config, config?.github ?? null) ?? notAsked,
    pagerduty: online?.pagerduty ?? notConfigured(config, config?.pagerduty ?? null) ?? notAsked,
    kubernetes: online?.kubernetes ?? (config?.clusters.size === 0 ? known([]) : notAsked),
    suppressions: config?.doctor.suppress ?? [],
  };
}

/** Null where it is configured, or where that is not known. */
function notConfigured(config: Config | null, part: object | null): Known<RightsFact | null> | null {
  return config !== null && part === null ? known(null) : null;
}

function ofConfig(input: FactsInput) {
  const { config, log } = input;
  const from = <T>(read: (config: Config) => T): Known<T> =>
    config === null ? unknown(NO_CONFIG) : trying(() => read(config));
  return {
    listen: from(listenOf),
    people: from(peopleOf),
    sources: from(sourcesOf),
    inventory: from(inventoryOf),
    policy: from((known) => policyOf(known, log === null ? 0 : waitingOf(known, log.folds))),
    tls: from(({ listen }) => {
      if (listen.tls === null) return null;
      const found = certificateOf(listen.tls.cert);
      return { path: listen.tls.cert, notAfter: found.kind === 'certificate' ? found.validTo : 0 };
    }),
  };
}

function ofProcesses({
  server,
  config,
  proc = PROC,
}: FactsInput): Pick<Facts, 'sockets' | 'executor' | 'egress'> {
  const executor = (): Facts['executor'] => {
    if (config === null) return unknown(NO_CONFIG);
    if (!mayChange(config)) return known({ kind: 'not needed' });
    return server === null
      ? unknown(NO_SERVER)
      : executorOf(server.pid, (config.inventory.actions?.size ?? 0) > 0, proc);
  };
  return {
    sockets: server === null ? unknown(NO_SERVER) : socketsOf(server.pid, proc),
    executor: executor(),
    egress: server === null ? unknown(NO_SERVER) : egressOf(server.pid, config, proc),
  };
}

const SUSPECT = /^((https?|all|no)_proxy|node_options)$/i;

function egressOf(pid: number, config: Config | null, proc: string): Known<EgressFact> {
  const found = variablesOf(pid, proc);
  if (found.kind === 'unknown') return found;
  const names = [...found.value].flatMap(([name, value]) => {
    if (name === 'NODE_TLS_REJECT_UNAUTHORIZED') return value === '1' ? [] : [name];
    return SUSPECT.test(name) && value !== '' ? [name] : [];
  });
  return known({ variables: names, plain: config === null ? [] : plainAddresses(config) });
}

type OfLog = Pick<
  Facts,
  'log' | 'anchors' | 'clock' | 'stops' | 'providers' | 'spend' | 'retention' | 'secretAges' | 'guard'
>;

function ofLog(input: FactsInput, now: number): OfLog {
  const { config, log, dataDir, driftMs } = input;
  const both = <T>(read: (config: Config, folds: Folds) => T): Known<T> => {
    if (config === null) return unknown(NO_CONFIG);
    return log === null ? unknown(NO_LOG) : trying(() => read(config, log.folds));
  };
  const file = existsSync(join(dataDir, 'OFF'));
  const stops = log?.folds.stops ?? { off: false, frozen: false, by: null };
  return {
    log: log === null ? unknown(NO_LOG) : known(standingLog(log.verdict, log.folds)),
    anchors: both(anchorsOf),
    clock: log === null ? unknown(NO_LOG) : known({ behindMs: log.folds.posture.lastTs - now, driftMs }),
    stops: known({ off: stops.off, frozen: stops.frozen, file, by: stops.by }),
    providers: both(providersOf),
    spend: both((known, folds) => spendOf(known, folds, now)),
    retention: both((known, folds) => retentionOf(known, folds, now)),
    secretAges: both(({ secretHandles }, { secretAges }) => {
      const used = new Set(secretHandles.map(({ ref }) => ref));
      return secretAges.all().filter(({ name }) => used.has(name));
    }),
    guard: guardOf(input),
  };
}

const Looked = z.object({ at: z.int() });

function guardOf({ config, server, dataDir }: FactsInput): Known<GuardFact> {
  if (config === null) return unknown(NO_CONFIG);
  const { guardMs: everyMs } = config.doctor;
  if (server === null) return unknown(NO_SERVER);
  const text = readIfThere(guardFile(dataDir))?.toString() ?? '';
  const json = parseJson(text);
  const looked = json.kind === 'ok' ? Looked.safeParse(json.value).data : undefined;
  return known({ everyMs, lastAt: looked?.at ?? null, startedAt: server.startedAt });
}

/** What cannot be looked at is unknown. */
function trying<T>(look: () => T): Known<T> {
  try {
    return known(look());
  } catch (error) {
    return unknown(`cannot be looked at: ${messageOf(error)}`);
  }
}
