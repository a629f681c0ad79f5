/** What could be found out, or why it could not: nothing is taken for granted that nobody looked at. */
export type Known<T> =
  | { readonly kind: 'known'; readonly value: T }
  | { readonly kind: 'unknown'; readonly why: string };

export const known = <T>(value: T): Known<T> => ({ kind: 'known', value });
export const unknown = (why: string): Known<never> => ({ kind: 'unknown', why });

/** The config file as it lies on the disk; `changedAt` null: there is none. */
export type ConfigFact = {
  readonly path: string;
  readonly problems: readonly string[];
  readonly changedAt: number | null;
};

/** Where the config says that the server listens. */
export type ListenFact = {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  readonly proxied: boolean;
};

/** A socket that takes connections, and the process that has it. */
export type SocketFact = {
  readonly process: 'server' | 'executor' | 'child';
  readonly pid: number;
  readonly address: string;
  readonly port: number;
};

export type PersonFact = {
  readonly id: string;
  readonly roles: readonly string[];
  readonly teams: readonly string[];
  readonly hasToken: boolean;
  readonly hasSlack: boolean;
  /** When the last of their tokens ends; null: never, or they have none. */
  readonly expiresAt: number | null;
};
export type TeamFact = { readonly id: string; readonly mayBeChanged: readonly string[] };
export type PeopleFact = { readonly people: readonly PersonFact[]; readonly teams: readonly TeamFact[] };

/** A file or folder; `loose` are the bits of its mode that it must not have. */
export type FileFact = {
  readonly path: string;
  readonly what: 'data' | 'config' | 'secret' | 'executor secret';
  readonly mode: number;
  readonly loose: number;
  readonly isOurs: boolean;
};

/** A secret by what names it; `problem` null: it is there and has the form that it should have. */
export type SecretFact = { readonly name: string; readonly problem: string | null };
export type SecretAgeFact = { readonly name: string; readonly since: number };

/** A sender of pages: how many secrets let it in, whether it is asked instead. */
export type SourceFact = { readonly id: string; readonly secrets: number; readonly isPolled: boolean };

/** What another system lets us do, beside what the documentation asks for. */
export type RightsFact = {
  readonly name: string;
  /** Null: it answered. */
  readonly problem: string | null;
  readonly surplus: readonly string[];
  readonly missing: readonly string[];
};

export type PolicyFact = {
  /** What the config allows beyond what was accepted. */
  readonly waiting: number;
  /** Services in mode act whose changes nobody could approve. */
  readonly unapprovable: readonly string[];
};

export type InventoryFact = {
  readonly services: readonly { readonly id: string; readonly isSeen: boolean; readonly isProbed: boolean }[];
};

export type LogFact =
  | { readonly kind: 'intact'; readonly entries: number }
  | { readonly kind: 'bad'; readonly reason: string }
  /** Intact, and the one before it was not; nobody has looked at that yet. */
  | { readonly kind: 'replaced'; readonly folder: string };

export type AnchorFact = {
  /** Null: nothing is kept elsewhere. */
  readonly everyMs: number | null;
  readonly lastAt: number | null;
  readonly startedAt: number | null;
};

export type ClockFact = {
  /** How far the wall clock is behind the last entry, ms; below 0: it is not. */
  readonly behindMs: number;
  /** By how much wall clock and steady clock moved apart since the last look, ms; null: first look. */
  readonly driftMs: number | null;
};

export type DiskFact = { readonly freeBytes: number; readonly growthPerDay: number | null };

export type StopsFact = {
  readonly off: boolean;
  readonly frozen: boolean;
  readonly file: boolean;
  readonly by: string | null;
};

/** The process that makes changes; `variables` are names in its environment. */
export type ExecutorFact =
  | { readonly kind: 'not needed' }
  | { readonly kind: 'missing' }
  | {
      readonly kind: 'running';
      readonly pid: number;
      readonly isOwnProcess: boolean;
      readonly variables: readonly string[];
      readonly flags: readonly string[];
      /** The flags with which this installation starts it. */
      readonly agreed: readonly string[];
    };

export type ProviderFact = {
  readonly id: string;
  readonly lastOkAt: number | null;
  readonly failuresInRow: number;
  readonly reason: string | null;
};

/** Millionths of a dollar; `before` are the days before today, newest first, at most 14. */
export type SpendFact = { readonly today: number; readonly before: readonly number[] };

export type TlsFact = { readonly path: string; readonly notAfter: number };

export type EgressFact = {
  /** Names of environment variables that would send requests elsewhere or weaken TLS. */
  readonly variables: readonly string[];
  /** Addresses without TLS that leave this machine. */
  readonly plain: readonly string[];
};

export type RetentionFact = {
  /** Null: for ever. */
  readonly payloadsMs: number | null;
  /** Closed incidents whose content should have been erased by now. */
  readonly overdue: number;
};

export type GuardFact = {
  /** Null: switched off. */
  readonly everyMs: number | null;
  readonly lastAt: number | null;
  readonly startedAt: number;
};

export type Suppression = { readonly id: string; readonly until: number; readonly reason: string };

/** Everything that checks look at. A null inside means that there is no such thing, which is not the same as unknown. */
export type Facts = {
  readonly now: number;
  readonly config: Known<ConfigFact>;
  readonly listen: Known<ListenFact>;
  readonly sockets: Known<readonly SocketFact[]>;
  readonly people: Known<PeopleFact>;
  readonly files: Known<readonly FileFact[]>;
  readonly secrets: Known<readonly SecretFact[]>;
  readonly secretAges: Known<readonly SecretAgeFact[]>;
  readonly sources: Known<readonly SourceFact[]>;
  readonly slack: Known<RightsFact | null>;
  readonly github: Known<RightsFact | null>;
  readonly pagerduty: Known<RightsFact | null>;
  readonly kubernetes: Known<readonly RightsFact[]>;
  readonly policy: Known<PolicyFact>;
  readonly inventory: Known<InventoryFact>;
  readonly log: Known<LogFact>;
  readonly anchors: Known<AnchorFact>;
  readonly clock: Known<ClockFact>;
  readonly disk: Known<DiskFact>;
  readonly stops: Known<StopsFact>;
  readonly executor: Known<ExecutorFact>;
  readonly providers: Known<readonly ProviderFact[]>;
  readonly spend: Known<SpendFact | null>;
  readonly tls: Known<TlsFact | null>;
  readonly egress: Known<EgressFact>;
  readonly retention: Known<RetentionFact>;
  readonly guard: Known<GuardFact>;
  readonly suppressions: readonly Suppression[];
};
