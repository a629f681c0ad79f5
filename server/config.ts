import { readFileSync, statSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import type { Terms } from '#approvals/policy-standing.ts';
import { FirebreakError, messageOf } from '#core/errors.ts';
import { Secret } from '#core/secret.ts';
import { buildConfig, buildTerms, type Config } from './config-build.ts';
import { checkReferences } from './config-checks.ts';
import { SECRET_SETTINGS, secretRef } from './config-fields.ts';
import { keyProblem } from './config-model-checks.ts';
import { problemsOf } from './config-problems.ts';
import { actSecretRef, ConfigFile } from './config-schema.ts';
import { group, list } from './config-shape.ts';
import { type Problem, readYaml, showPath } from './config-yaml.ts';
import { readSecretFile, secretFileProblem } from './secret-file.ts';

export const CONFIG_NAME = 'firebreak.yaml';
const MAX_BYTES = 1024 * 1024;

export type Env = Readonly<Record<string, string | undefined>>;

/**
 * Reads and checks the config, secrets included. Throws `config_invalid`, whose message has one line per mistake
 * (`firebreak.yaml:31  services[2].owner: ...`), all of them at once, and never a secret.
 */
export function loadConfig(file: string, env: Env = process.env): Config {
  const path = resolve(file);
  let secrets: Found['secrets'] = new Map();
  const checked = readChecked(path, (value) => {
    const found = resolveSecrets(value, { base: dirname(path), env });
    secrets = found.secrets;
    return found.problems;
  });
  const config = buildConfig({ path, text: checked.text, file: checked.file, secrets });
  if (config.runbooks !== null && !isFolder(config.runbooks)) {
    throw invalid(path, [{ path: ['runbooks'], message: 'is not a folder' }], checked.lineOf);
  }
  return config;
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

type Found = { secrets: Map<string, Secret>; problems: Problem[] };

/**
 * Looks up every secret of sources, telemetry, workloads and PagerDuty and every `key` of a model provider; those of the wrong form are the schema's business. An
 * `act_token` is looked at but not read: only the process that makes changes does that.
 */
function resolveSecrets(file: unknown, from: { base: string; env: Env }): Found {
  const found: Found = { secrets: new Map(), problems: [] };
  const walk = (value: unknown, path: Problem['path']): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const [key, member] of Object.entries(value)) {
      const at = [...path, key];
      if (SECRET_SETTINGS.has(key)) noteAll(member, at);
      else if (typeof member !== 'string') walk(member, at);
      else if (key === 'act_token') look(member, at);
    }
  };
  const noteAll = (refs: unknown, path: Problem['path']): void => {
    if (typeof refs === 'string') note(refs, path);
    for (const [at, ref] of list(refs).entries()) if (typeof ref === 'string') note(ref, [...path, at]);
  };
  const note = (ref: string, path: Problem['path']): void => {
    const secret = resolveSecret(ref, from);
    if (secret instanceof Secret) found.secrets.set(ref, secret);
    else if (secret !== undefined) found.problems.push({ path, message: secret });
  };
  const look = (ref: string, path: Problem['path']): void => {
    const problem = actSecretRef.safeParse(ref).success
      ? secretFileProblem(resolve(from.base, ref.slice('file:'.length)))
      : undefined;
    if (problem !== undefined) found.problems.push({ path, message: problem });
  };
  if (typeof file !== 'object' || file === null) return found;
  for (const [part, value] of Object.entries(file)) {
    if (
      [
        'sources',
        'telemetry',
        'clusters',
        'workloads',
        'log_stores',
        'databases',
        'pagerduty',
        'slack',
        'fallback',
      ].includes(part)
    )
      walk(value, [part]);
  }
  for (const [name, provider] of Object.entries(group(group(group(file).models).providers))) {
    const { kind, key } = group(provider);
    const path = ['models', 'providers', name, 'key'];
    if (typeof key !== 'string') continue;
    note(key, path);
    const secret = found.secrets.get(key);
    const problem = secret && keyProblem(kind, secret);
    if (problem !== undefined) found.problems.push({ path, message: `what ${key} holds ${problem}` });
  }
  return found;
}

/** The secret, or what is wrong with it; undefined when this is no reference at all. Relative paths start at `base`. */
function resolveSecret(ref: string, { base, env }: { base: string; env: Env }): Secret | string | undefined {
  if (!secretRef.safeParse(ref).success) return undefined;
  if (ref.startsWith('env:')) {
    const name = ref.slice('env:'.length);
    return environmentSecret(name, env) ?? `environment variable ${name} is not set`;
  }
  return readSecretFile(resolve(base, ref.slice('file:'.length)));
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
