import { readFileSync, statSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import type { Terms } from '#approvals/policy-standing.ts';
import { type Clock, realClock } from '#core/clock.ts';
import { FirebreakError, messageOf } from '#core/errors.ts';
import { readKeychain } from '#core/keychain.ts';
import { Secret } from '#core/secret.ts';
import { checkActionFiles } from './config-action-files.ts';
import { buildConfig, buildTerms, type Config } from './config-build.ts';
import { checkReferences } from './config-checks.ts';
import { checkListen } from './config-listen.ts';
import { problemsOf } from './config-problems.ts';
import { ConfigFile } from './config-schema.ts';
import { type FoundSecrets, resolveSecrets } from './config-secrets.ts';
import { type Problem, readYaml, showPath } from './config-yaml.ts';
import { createSecrets, type Secrets } from './secrets.ts';

export const CONFIG_NAME = 'firebreak.yaml';
/** Far more than people write; reading a broken file of this size takes less than a second. */
const MAX_BYTES = 192 * 1024;

export type Env = Readonly<Record<string, string | undefined>>;

/** The environment of this process, for whoever looks secrets up by name. */
export function thisEnvironment(): Env {
  return process.env;
}

/** What is not in the file itself; left out = that of this process and machine. */
export type LoadFrom = {
  readonly clock?: Pick<Clock, 'mono'>;
  readonly keychain?: Parameters<typeof createSecrets>[0]['keychain'];
  /** For whoever only looks: a secret or program that is missing or unfit is no mistake, and is used by nobody. */
  readonly lookOnly?: boolean;
};

/**
 * Reads and checks the config, secrets included. Throws `config_invalid`, whose message has one line per mistake
 * (`firebreak.yaml:31  services[2].owner: ...`), all of them at once, and never a secret. Secrets in files are followed
 * from here on, by `clock`.
 */
export function loadConfig(file: string, env: Env = process.env, from: LoadFrom = {}): Config {
  const path = resolve(file);
  const store = secretsOf(path, env, from);
  let found: FoundSecrets = { secrets: new Map(), problems: [] };
  const checked = readChecked(path, (value) => {
    found = resolveSecrets(value, { base: dirname(path), store });
    const listening = checkListen(value, { base: dirname(path), env });
    if (from.lookOnly === true) return listening;
    return [...found.problems, ...listening, ...checkActionFiles(value, dirname(path))];
  });
  const { text, file: checkedFile } = checked;
  const config = buildConfig({ path, text, env, file: checkedFile, secrets: found.secrets });
  if (config.runbooks !== null && !isFolder(config.runbooks)) {
    throw invalid(path, [{ path: ['runbooks'], message: 'is not a folder' }], checked.lineOf);
  }
  return config;
}

/** Where the secrets of the config at `path` come from. */
export function secretsOf(path: string, env: Env, { clock = realClock, keychain }: LoadFrom): Secrets {
  const { platform } = process;
  const ask = keychain ?? ((name: string) => readKeychain(name, { platform, env }));
  return createSecrets({ env, base: dirname(path), clock, keychain: ask });
}

/** Who may change what, by a config file; its secrets are not looked up. Throws like `loadConfig`. */
export function readTerms(file: string): Terms {
  return buildTerms(readChecked(resolve(file), () => []).file);
}

function readChecked(path: string, problemsIn: (value: unknown) => readonly Problem[]) {
  const text = readConfigText(path);
  const yaml = readYaml(text);
  if (yaml.kind === 'broken') throw invalid(path, yaml.problems, () => 1);
  if (yaml.value === null)
    throw invalid(path, [{ path: [], message: 'is empty; firebreak init writes one' }], () => 1);
  const parsed = ConfigFile.safeParse(yaml.value);
  const all = [
    ...(parsed.success ? [] : problemsOf(ConfigFile, parsed.error.issues, yaml.value)),
    ...checkReferences(yaml.value),
    ...problemsIn(yaml.value),
  ];
  if (!parsed.success || all.length > 0) throw invalid(path, all, yaml.lineOf);
  return { text, file: parsed.data, lineOf: yaml.lineOf };
}

/** What `env:NAME` in a config would stand for; null when the environment does not hold it. */
export function environmentSecret(name: string, env: Env = process.env): Secret | null {
  const value = env[name]?.trim() ?? '';
  return value === '' ? null : new Secret(value);
}

/** The text of a config file; throws `config_invalid` when it cannot be read. */
export function readConfigText(path: string): string {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const missing = isCode(error, 'ENOENT');
    const message = missing
      ? `no ${basename(path)} in ${dirname(path)}; firebreak init writes one`
      : `${basename(path)} cannot be read: ${messageOf(error)}`;
    throw new FirebreakError('config_invalid', message, { cause: error });
  }
  if (text.length <= MAX_BYTES) return text;
  throw new FirebreakError('config_invalid', `${basename(path)} is larger than ${MAX_BYTES} bytes`);
}

function invalid(
  path: string,
  problems: readonly Problem[],
  lineOf: (path: Problem['path']) => number,
): FirebreakError {
  const lines = problems
    .map((problem) => ({ ...problem, line: problem.line ?? lineOf(problem.path) }))
    .toSorted((a, b) => a.line - b.line)
    .map(({ line, path: at, message }) => {
      const where = at.length === 0 ? '' : `${showPath(at)}: `;
      return `${basename(path)}:${line}  ${where}${message}`;
    });
  return new FirebreakError('config_invalid', [...new Set(lines)].join('\n'));
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
