import { z } from 'zod';
import type { Secret } from '#core/secret.ts';
import { Repository } from '#incidents/observations-changes.ts';
import addresses from './addresses.json' with { type: 'json' };
import { secureAddress } from './config-cluster.ts';
import { secretRef } from './config-fields.ts';
import { type Group, group } from './config-shape.ts';
import type { Path, Problem } from './config-yaml.ts';

/** Where changes of code are looked up. It is only read. */
export const githubFile = z.strictObject({
  /** Address of its REST API; left out = the public one. */
  url: secureAddress.default(addresses.github),
  token: secretRef,
});
type GitHubFile = z.infer<typeof githubFile>;

/** What a service says of where its code lies, and what GitHub calls the place that it goes out to. */
export const codeOfService = {
  repo: Repository.exactOptional(),
  deploy_environment: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9 ._/-]{0,99}$/, 'is not an environment of GitHub')
    .exactOptional(),
};

export type GitHubSource = { readonly url: string; readonly token: Secret };

/** Makes the typed source of a file that was checked; null where nothing is looked up. */
export function buildGitHub(
  file: GitHubFile | undefined,
  secretOf: (ref: string) => Secret,
): GitHubSource | null {
  return file === undefined ? null : { url: file.url, token: secretOf(file.token) };
}

/** A repository without a way to it, and a place to go out to without a repository. */
export function checkCode(path: Path, service: Group, root: Group): Problem[] {
  const { repo, deploy_environment: environment } = service;
  if (repo !== undefined && Object.keys(group(root.github)).length === 0)
    return [{ path: [...path, 'repo'], message: 'needs github: there is no way to look it up' }];
  if (environment !== undefined && repo === undefined)
    return [{ path: [...path, 'deploy_environment'], message: 'needs repo: it is a place of a repository' }];
  return [];
}
