import { z } from 'zod';
import { redact } from '#core/redact.ts';
import type { Service } from '#incidents/inventory.ts';
import { ChangeRef, type ChangesSeen } from '#incidents/observations-changes.ts';
import { ServiceRef } from '#incidents/refs.ts';
import type { CodeDiff, CodeDriver } from '../drivers/code-port.ts';
import type { Gap } from '../drivers/seen.ts';
import type { ReadTool, ToolContext, ToolResult } from '../tool.ts';
import { foreign, joined } from './foreign.ts';
import { knownService, notConfigured, unknownService } from './known-service.ts';

/** Changes older than this at the page are not asked for. */
const BEFORE_MS = 24 * 3_600_000;
const MOST_LISTED = 20;
/** Lines of one file that are shown of a change. */
const MOST_LINES = 80;

const Args = z.strictObject({ service: ServiceRef, at: z.int().min(0) });
type Args = z.infer<typeof Args>;

/** What was merged or deployed in the day before a page, one line each: foreign text, made inert. */
export const changesList: ReadTool<Args> = {
  kind: 'read',
  tier: 'R0',
  name: 'changes_list',
  version: 1,
  description: 'What was merged or deployed to one service in the day before `at`, newest first.',
  args: Args,
  deadlineMs: 15_000,
  perform: (args, context) => list(args, context),
};

const DiffArgs = z.strictObject({ service: ServiceRef, change: ChangeRef });
type DiffArgs = z.infer<typeof DiffArgs>;

/** What one change of the list did, file by file: foreign text, made inert, without secrets of known formats. */
export const changeDiff: ReadTool<DiffArgs> = {
  kind: 'read',
  tier: 'R0',
  name: 'change_diff',
  version: 1,
  description: 'The files and lines of one change, by its reference from `changes_list`.',
  args: DiffArgs,
  deadlineMs: 10_000,
  perform: (args, context) => show(args, context),
};

async function list({ service: ref, at }: Args, context: ToolContext): Promise<ToolResult> {
  const reach = reachOf(ref, context);
  if ('kind' in reach) return reach;
  const { service, code, repo } = reach;
  const to = Math.min(at, context.clock.now());
  const from = Math.max(0, to - BEFORE_MS);
  const environment = service.deployEnvironment;
  const [merged, deployed] = await Promise.all([
    code.merged({ repo, from, to }, context.signal),
    environment === undefined ? null : code.deployed({ repo, environment }, context.signal),
  ]);
  if (merged.kind === 'gap') return merged;
  const commits = merged.value.commits.map((one) => ({ kind: 'merged' as const, ...one }));
  const out = (deployed?.kind === 'seen' ? deployed.value : [])
    .filter((one) => one.at >= from && one.at <= to)
    .map(({ by, ...one }) => ({ kind: 'deployed' as const, ...one, author: by, title: '', files: null }));
  const all = [...commits, ...out].toSorted((a, b) => b.at - a.at);
  const value: ChangesSeen = {
    service: service.id,
    from,
    changes: all.slice(0, MOST_LISTED).map(({ kind, sha, at, author, title, files }) => ({
      ...{ kind, at, files, ref: `change:${service.id}@${sha.slice(0, 7)}` },
      by: foreign(author, 60),
      title: foreign(title, 120),
    })),
    truncated: merged.value.truncated || all.length > MOST_LISTED,
  };
  const newest = value.changes[0]?.at ?? null;
  const facts = { service: service.id, listed: value.changes.length, newest };
  const unseen = deployed?.kind === 'gap' ? `\ndeployments could not be seen: ${deployed.reason}` : '';
  return { kind: 'ok', value, text: `${textOf(value)}${unseen}`, facts };
}

function textOf({ service, from, changes, truncated }: ChangesSeen): string {
  const since = new Date(from).toISOString();
  const lines = changes.map(({ kind, ref, at, by, title, files }) =>
    [
      `${new Date(at).toISOString()} ${kind} ${ref} by ${by}`,
      ...(title === '' ? [] : [title]),
      ...(files === null ? [] : [`${files} files`]),
    ].join(', '),
  );
  return joined([
    `${service}: ${changes.length} changes since ${since}`,
    ...lines,
    ...(truncated ? ['there are more'] : []),
  ]);
}

async function show({ service: ref, change }: DiffArgs, context: ToolContext): Promise<ToolResult> {
  const reach = reachOf(ref, context);
  if ('kind' in reach) return reach;
  const { service, code, repo } = reach;
  const [about, sha = ''] = change.slice('change:'.length).split('@');
  if (about !== service.id) return notConfigured(`${change} is not of ${service.id}`);
  const seen = await code.diff({ repo, sha }, context.signal);
  if (seen.kind === 'gap') return seen;
  const { at, author, title, files, parts, truncated } = seen.value;
  const head = `${new Date(at).toISOString()} by ${foreign(author, 60)}, ${foreign(title, 120)}, ${files} files`;
  const value = {
    service: service.id,
    change,
    files: parts.map(({ file, added, removed }) => ({ file: foreign(file, 200), added, removed })),
    truncated,
  };
  const text = joined([head, ...parts.flatMap(linesOf), ...(truncated ? ['there are more files'] : [])]);
  return { kind: 'ok', value, text, facts: { service: service.id, files } };
}

/** Secrets may go over several lines, so they are taken out before the lines are cut. */
function linesOf({ file, added, removed, patch }: CodeDiff['parts'][number]): string[] {
  const lines = redact(patch).split('\n');
  const shown = lines.slice(0, MOST_LINES).map((line) => foreign(line, 300));
  const more = lines.length > MOST_LINES ? [`(${lines.length - MOST_LINES} more lines of this file)`] : [];
  return [`${foreign(file, 200)} +${added} -${removed}`, ...(patch === '' ? [] : shown), ...more];
}

type Reach = {
  readonly service: Service;
  readonly code: CodeDriver;
  readonly repo: NonNullable<Service['repo']>;
};

function reachOf(ref: ServiceRef, { inventory, world }: ToolContext): Reach | Gap {
  const service = knownService(inventory, ref);
  if (service === undefined) return unknownService(ref);
  if (service.repo === undefined) return notConfigured(`${service.id} has no repository`);
  if (world.code === undefined) return notConfigured('GitHub is not in the config');
  return { service, code: world.code, repo: service.repo };
}
