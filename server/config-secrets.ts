import { resolve } from 'node:path';
import type { Secret } from '#core/secret.ts';
import { actSecretRef, SECRET_SETTINGS, secretRef } from './config-fields.ts';
import { type Group, group, list } from './config-shape.ts';
import type { Problem } from './config-yaml.ts';
import { secretFileProblem } from './secret-file.ts';
import { shapeProblems } from './secret-shapes.ts';
import type { SecretHandle, Secrets } from './secrets.ts';

/** Parts of the file in which the settings above mean that. People's tokens are hashes. */
const PARTS = [
  ...['sources', 'telemetry', 'clusters', 'workloads', 'log_stores', 'databases'],
  ...['pagerduty', 'slack', 'fallback', 'github'],
];

/** A place in the file that says where a secret lies. `held`: the server itself reads it. */
type Reference = { readonly ref: string; readonly path: Problem['path']; readonly held: boolean };

export type FoundSecrets = {
  /** By reference, those too that cannot be read. */
  readonly secrets: ReadonlyMap<string, SecretHandle>;
  readonly problems: readonly Problem[];
};

/**
 * Looks up every secret that a file names, as it was written; references of the wrong form are the schema's business. An
 * `act_token` is looked at but not read: only the process that makes changes does that.
 */
export function resolveSecrets(file: unknown, from: { base: string; store: Secrets }): FoundSecrets {
  const secrets = new Map<string, SecretHandle>();
  const problems = referencesIn(group(file)).flatMap(({ ref, path, held }): Problem[] => {
    if (!held) {
      const problem = secretFileProblem(resolve(from.base, ref.slice('file:'.length)));
      return problem === undefined ? [] : [{ path, message: problem }];
    }
    const handle = from.store.handle(ref);
    secrets.set(ref, handle);
    const problem = handle.problem();
    return problem === undefined ? [] : [{ path, message: problem }];
  });
  const usable = (ref: string): Secret | undefined => {
    const handle = secrets.get(ref);
    return handle?.problem() === undefined ? handle?.secret : undefined;
  };
  return { secrets, problems: [...problems, ...shapeProblems(file, usable)] };
}

/** Every place that says where a secret lies, in the order of the file's parts. */
export function referencesIn(root: Group): Reference[] {
  const found: Reference[] = [];
  const note = (ref: unknown, path: Problem['path'], held: boolean): void => {
    if (typeof ref === 'string' && (held ? secretRef : actSecretRef).safeParse(ref).success)
      found.push({ ref, path, held });
  };
  const walk = (value: unknown, path: Problem['path']): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const [key, member] of Object.entries(value)) {
      const at = [...path, key];
      if (key === 'act_token') note(member, at, false);
      else if (!SECRET_SETTINGS.has(key)) walk(member, at);
      else if (typeof member === 'string') note(member, at, true);
      else for (const [nth, one] of list(member).entries()) note(one, [...at, nth], true);
    }
  };
  for (const part of PARTS) walk(root[part], [part]);
  for (const [name, provider] of Object.entries(group(group(root.models).providers)))
    note(group(provider).key, ['models', 'providers', name, 'key'], true);
  for (const [id, server] of Object.entries(group(root.mcp))) {
    const { token, env } = group(server);
    note(token, ['mcp', id, 'token'], true);
    for (const [name, value] of Object.entries(group(env))) note(value, ['mcp', id, 'env', name], true);
  }
  return found;
}
