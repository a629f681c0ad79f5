import { resolve } from 'node:path';
import type { Clock } from '#core/clock.ts';
import { FirebreakError } from '#core/errors.ts';
import { sha256 } from '#core/hash.ts';
import { Secret } from '#core/secret.ts';
import { followSecretFile } from './secret-file.ts';

/** Where a secret comes from. */
export const secretSources = ['env', 'file', 'keychain'] as const;
export type SecretSource = (typeof secretSources)[number];

/** One reference of the config and what it leads to. */
export type SecretHandle = {
  /** As the config has it: `env:NAME`, `file:/path` or `keychain:NAME`. */
  readonly ref: string;
  readonly source: SecretSource;
  readonly secret: Secret;
  /** Why it cannot be used now, in a line for people and without the value; undefined when it can. */
  problem(): string | undefined;
  /** 8 hex digits by which two values can be told apart; null for short ones, which could be found out from it. */
  fingerprint(): string | null;
};

export type Secrets = {
  /** The same handle for the same reference; looks at once, so that what is wrong shows before anything starts. */
  handle(ref: string): SecretHandle;
};

export type SecretsDeps = {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Folder that relative paths start at. */
  readonly base: string;
  /** Reads an entry of the system's keychain, or says what is wrong; may take seconds. */
  readonly keychain: (name: string) => { value: string } | { problem: string };
  readonly clock: Pick<Clock, 'mono'>;
};

/**
 * Where the secrets of a config come from. Files are followed; what the environment and the keychain held when a
 * reference was first asked for counts until the next start, so that nobody ever waits for a keychain to open.
 */
export function createSecrets(deps: SecretsDeps): Secrets {
  const handles = new Map<string, SecretHandle>();
  return {
    handle: (ref) => {
      const handle = handles.get(ref) ?? handleOf(ref, deps);
      handles.set(ref, handle);
      return handle;
    },
  };
}

function handleOf(ref: string, deps: SecretsDeps): SecretHandle {
  const [source, name] = partsOf(ref);
  const { secret, problem } = open(source, name, deps);
  return {
    ...{ ref, source, secret, problem },
    fingerprint: () => {
      const value = secret.ifUsable();
      return value === undefined ? null : fingerprintOf(value);
    },
  };
}

function open(
  source: SecretSource,
  name: string,
  { env, base, keychain, clock }: SecretsDeps,
): Pick<SecretHandle, 'secret' | 'problem'> {
  switch (source) {
    case 'file':
      return followSecretFile(resolve(base, name), clock);
    case 'keychain':
      return fixed(keychain(name));
    case 'env': {
      const value = env[name]?.trim() ?? '';
      return fixed(value === '' ? { problem: `environment variable ${name} is not set` } : { value });
    }
  }
}

function fixed(found: { value: string } | { problem: string }): Pick<SecretHandle, 'secret' | 'problem'> {
  if ('value' in found) return { secret: new Secret(found.value), problem: () => undefined };
  const secret = new Secret(() => {
    throw new FirebreakError('secret_unusable', found.problem);
  });
  return { secret, problem: () => found.problem };
}

/** Throws `bug` for what is no reference: the config is checked first. */
function partsOf(ref: string): [SecretSource, string] {
  const at = ref.indexOf(':');
  const source = secretSources.find((one) => one === ref.slice(0, at));
  if (source === undefined) throw new FirebreakError('bug', 'this is no reference to a secret');
  return [source, ref.slice(at + 1)];
}

/** Below this length the value could be guessed and compared. */
const SHORTEST = 16;

/** 8 hex digits of a hash of the value; null for one that is too short to be hidden behind them. */
export function fingerprintOf(value: string): string | null {
  return value.length < SHORTEST ? null : sha256(`firebreak/secret/v1\0${value}`).slice(0, 8);
}
