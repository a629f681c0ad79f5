import { readFileSync, statSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { FirebreakError, messageOf } from '#core/errors.ts';
import { Secret } from '#core/secret.ts';
import { buildConfig, type Config } from './config-build.ts';
import { checkReferences } from './config-checks.ts';
import { problemsOf } from './config-problems.ts';
import { ConfigFile, secretRef } from './config-schema.ts';
import { type Problem, readYaml, showPath } from './config-yaml.ts';

export const CONFIG_NAME = 'firebreak.yaml';
const MAX_BYTES = 1024 * 1024;
const MAX_SECRET_BYTES = 8 * 1024;

export type Env = Readonly<Record<string, string | undefined>>;

/**
 * Reads and checks the config, secrets included. Throws `config_invalid`, whose message has one line per mistake
 * (`firebreak.yaml:31  services[2].owner: ...`), all of them at once, and never a secret.
 */
export function loadConfig(file: string, env: Env = process.env): Config {
  const path = resolve(file);
  const text = readText(path);
  const yaml = readYaml(text);
  if (yaml.kind === 'broken') throw invalid(path, yaml.problems, () => 1);
  if (yaml.value === null)
    throw invalid(path, [{ path: [], message: 'is empty; firebreak init writes one' }], () => 1);
  const parsed = ConfigFile.safeParse(yaml.value);
  const { secrets, problems } = resolveSecrets(yaml.value, { base: dirname(path), env });
  const all = [
    ...(parsed.success ? [] : problemsOf(ConfigFile, parsed.error.issues, yaml.value)),
    ...checkReferences(yaml.value),
    ...problems,
  ];
  if (!parsed.success || all.length > 0) throw invalid(path, all, yaml.lineOf);
  const config = buildConfig({ path, text, file: parsed.data, secrets });
  if (config.runbooks !== null && !isFolder(config.runbooks)) {
    throw invalid(path, [{ path: ['runbooks'], message: 'is not a folder' }], yaml.lineOf);
  }
  return config;
}

function readText(path: string): string {
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

/** Looks up every `token` of sources, telemetry and workloads; those of the wrong form are the schema's business. */
function resolveSecrets(file: unknown, from: { base: string; env: Env }): Found {
  const found: Found = { secrets: new Map(), problems: [] };
  const walk = (value: unknown, path: Problem['path']): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const [key, member] of Object.entries(value)) {
      if (key !== 'token') walk(member, [...path, key]);
      else if (typeof member === 'string') note(member, [...path, key]);
    }
  };
  const note = (ref: string, path: Problem['path']): void => {
    const secret = resolveSecret(ref, from);
    if (secret instanceof Secret) found.secrets.set(ref, secret);
    else if (secret !== undefined) found.problems.push({ path, message: secret });
  };
  if (typeof file !== 'object' || file === null) return found;
  for (const [part, value] of Object.entries(file)) {
    if (['sources', 'telemetry', 'workloads'].includes(part)) walk(value, [part]);
  }
  return found;
}

/** The secret, or what is wrong with it; undefined when this is no reference at all. Relative paths start at `base`. */
function resolveSecret(ref: string, { base, env }: { base: string; env: Env }): Secret | string | undefined {
  if (!secretRef.safeParse(ref).success) return undefined;
  if (ref.startsWith('env:')) {
    const name = ref.slice('env:'.length);
    const value = env[name]?.trim() ?? '';
    return value === '' ? `environment variable ${name} is not set` : new Secret(value);
  }
  return readSecret(resolve(base, ref.slice('file:'.length)));
}

function readSecret(path: string): Secret | string {
  try {
    const status = statSync(path);
    if (!status.isFile()) return `${path} is not a file`;
    if ((status.mode & 0o077) !== 0) return `${path} can be read by others; chmod 600 ${path}`;
    if (status.size > MAX_SECRET_BYTES) return `${path} is too large for a secret`;
    const value = readFileSync(path, 'utf8').trim();
    return value === '' ? `${path} is empty` : new Secret(value);
  } catch (error) {
    return isCode(error, 'ENOENT') ? `there is no file ${path}` : `${path} cannot be read`;
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
