import type { Repository } from '#incidents/observations-changes.ts';
import type { Seen } from './seen.ts';

/** One change that was merged. Author and title are foreign; `at` in ms. */
export type Commit = {
  readonly sha: string;
  readonly at: number;
  readonly author: string;
  readonly title: string;
  /** How many files it touches; null = not counted. */
  readonly files: number | null;
};
/** A version that went out, or is going out now. `at` in ms; `by` is foreign. */
export type CodeDeployment = { readonly sha: string; readonly at: number; readonly by: string };
/** What one change did. All text is foreign; `truncated`: there is more than was read. */
export type CodeDiff = Commit & {
  readonly parts: readonly {
    readonly file: string;
    readonly added: number;
    readonly removed: number;
    readonly patch: string;
  }[];
  readonly truncated: boolean;
};

export type MergedQuery = { readonly repo: Repository; readonly from: number; readonly to: number };
export type DeployedQuery = { readonly repo: Repository; readonly environment: string };
export type DiffQuery = { readonly repo: Repository; readonly sha: string };

/** Reads where code lies: what was merged, what went out, what a change did. Newest first. Never throws. */
export type CodeDriver = {
  merged(
    query: MergedQuery,
    signal: AbortSignal,
  ): Promise<Seen<{ commits: readonly Commit[]; truncated: boolean }>>;
  deployed(query: DeployedQuery, signal: AbortSignal): Promise<Seen<readonly CodeDeployment[]>>;
  diff(query: DiffQuery, signal: AbortSignal): Promise<Seen<CodeDiff>>;
};
