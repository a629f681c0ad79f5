import type { Clock } from '#core/clock.ts';
import { Repository } from '#incidents/observations-changes.ts';
import type {
  CodeDeployment,
  CodeDiff,
  CodeDriver,
  Commit,
  DeployedQuery,
  DiffQuery,
  MergedQuery,
} from '../code-port.ts';
import type { Gap, Seen } from '../seen.ts';
import { type Ask, createAsk, type GitHubSettings } from './ask.ts';
import { Change, Commits, Deployments, Statuses, type Commit as WireCommit } from './wire.ts';

/** So many of the newest changes are listed; of so many it is asked which files they touch. */
const MOST_COMMITS = 20;
const COUNTED = 5;
const MOST_DEPLOYMENTS = 5;
const MOST_STATUSES = 30;
/** So many files of a change are read. */
const MOST_PARTS = 30;

/** States after which a version runs, and while it goes out. `inactive`: it did run until another one took its place. */
const OUT: ReadonlySet<string> = new Set(['success', 'inactive']);
const UNDER_WAY = 'in_progress';

/** Reads GitHub over its REST API, with few requests for each look. Only paths of the repository that is asked for. */
export function createGitHub(settings: GitHubSettings, clock: Clock): CodeDriver {
  const ask = createAsk(settings, clock);
  return {
    merged: (query, signal) => merged(ask, query, signal),
    deployed: (query, signal) => deployed(ask, query, signal),
    diff: (query, signal) => diff(ask, query, signal),
  };
}

async function merged(
  ask: Ask,
  { repo, from, to }: MergedQuery,
  signal: AbortSignal,
): Promise<Seen<{ commits: readonly Commit[]; truncated: boolean }>> {
  const base = baseOf(repo);
  if (typeof base !== 'string') return base;
  const range = { since: new Date(from).toISOString(), until: new Date(to).toISOString() };
  const query = new URLSearchParams({ ...range, per_page: String(MOST_COMMITS) });
  const seen = await ask(`${base}/commits?${query}`, Commits, signal);
  if (seen.kind === 'gap') return seen;
  const listed = seen.value.map(commitOf).filter(({ at }) => at >= from - 1000 && at <= to + 1000);
  const newest = listed.toSorted((a, b) => b.at - a.at).slice(0, MOST_COMMITS);
  const counts = await Promise.all(
    newest.slice(0, COUNTED).map(({ sha }) => ask(`${base}/commits/${sha}`, Change, signal)),
  );
  const commits = newest.map((commit, at) => {
    const counted = counts[at];
    return counted?.kind === 'seen' ? { ...commit, files: counted.value.files.length } : commit;
  });
  return { kind: 'seen', value: { commits, truncated: seen.value.length >= MOST_COMMITS } };
}

/** What failed, or waits, is none that went out. */
async function deployed(
  ask: Ask,
  { repo, environment }: DeployedQuery,
  signal: AbortSignal,
): Promise<Seen<readonly CodeDeployment[]>> {
  const base = baseOf(repo);
  if (typeof base !== 'string') return base;
  const query = new URLSearchParams({ environment, per_page: String(MOST_DEPLOYMENTS) });
  const listed = await ask(`${base}/deployments?${query}`, Deployments, signal);
  if (listed.kind === 'gap') return listed;
  const found = await Promise.all(
    listed.value.slice(0, MOST_DEPLOYMENTS).map(async ({ id, sha, creator, created_at: begun }) => {
      const path = `${base}/deployments/${id}/statuses?per_page=${MOST_STATUSES}`;
      const statuses = await ask(path, Statuses, signal);
      if (statuses.kind === 'gap') return statuses;
      const at = wentOutAt(statuses.value, begun);
      return at === null ? null : { sha, at, by: creator?.login ?? '' };
    }),
  );
  // Which version runs cannot be told from a part of them.
  const gap = found.find((one) => one !== null && 'kind' in one);
  if (gap !== undefined && gap !== null && 'kind' in gap) return gap;
  const out = found.flatMap((one) => (one === null || 'kind' in one ? [] : one));
  return { kind: 'seen', value: out.toSorted((a, b) => b.at - a.at) };
}

/** When it was first said to be out; when it began, where it goes out now; null where it did not go out. */
function wentOutAt(statuses: readonly { state: string; created_at: number }[], begun: number): number | null {
  const newest = statuses.toSorted((a, b) => b.created_at - a.created_at);
  const out = newest.filter(({ state }) => OUT.has(state));
  const successes = out.filter(({ state }) => state === 'success');
  if (out.length > 0) return (successes.at(-1) ?? out.at(-1))?.created_at ?? begun;
  return newest[0]?.state === UNDER_WAY ? begun : null;
}

async function diff(ask: Ask, { repo, sha }: DiffQuery, signal: AbortSignal): Promise<Seen<CodeDiff>> {
  const base = baseOf(repo);
  if (typeof base !== 'string') return base;
  if (!/^[0-9a-f]{7,40}$/.test(sha)) return refused('not the hash of a change');
  const seen = await ask(`${base}/commits/${sha}`, Change, signal);
  if (seen.kind === 'gap') return seen;
  const { files } = seen.value;
  const parts = files.slice(0, MOST_PARTS).map(({ filename, additions, deletions, patch = '' }) => {
    return { file: filename, added: additions, removed: deletions, patch };
  });
  const truncated = files.length > MOST_PARTS;
  return { kind: 'seen', value: { ...commitOf(seen.value), files: files.length, parts, truncated } };
}

/** The path of a repository; never one that leads elsewhere. */
function baseOf(repo: string): string | Gap {
  const parsed = Repository.safeParse(repo);
  if (!parsed.success) return refused('not the name of a repository');
  return `/repos/${parsed.data.split('/').map(encodeURIComponent).join('/')}`;
}

const refused = (detail: string): Gap => ({ kind: 'gap', reason: 'refused', detail });

/** When it came to where it lies now counts, not when it was written. */
function commitOf({ sha, commit, author }: WireCommit): Commit {
  const title = commit.message.slice(0, 1000).split('\n')[0] ?? '';
  return {
    ...{ sha, title, files: null, at: commit.committer.date },
    author: author?.login ?? commit.author?.name ?? '',
  };
}
