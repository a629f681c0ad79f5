import type { Clock } from '#core/clock.ts';
import type { McpAnswer, McpDriver } from '../mcp-port.ts';
import type { Gap, Seen } from '../seen.ts';
import { gapOfFailure } from './client.ts';
import type { Definition } from './definition.ts';
import { Keeper, type Live, type Open } from './keeper.ts';
import { Late, within } from './limit.ts';
import { answerOf } from './result.ts';
import type { McpServer, McpTool } from './settings.ts';
import { gapOfStanding, type Standing, standingAfter, UNSEEN } from './standing.ts';

const LIST_MS = 10_000;
const ANSWER_MS = 15_000;
/** A list is believed so long; a server that says that it changed is asked before the next look. */
const LIST_LASTS_MS = 60_000;
/** So many answers in a row that came too late: the connection is given up and made anew. */
const MOST_LATE = 2;

export type LinkDeps = {
  readonly clock: Clock;
  readonly open: Open;
  /** Told of each change of a tool's standing; must not throw. */
  readonly onStanding: (tool: McpTool, standing: Standing) => void;
};

export type McpLink = McpDriver & {
  /** By the server's own name of each tool of the config. */
  standings(): ReadonlyMap<string, Standing>;
  /** Why the server could not be reached when it was last tried; null where it was. Foreign, as one line. */
  problem(): string | null;
  /** What the server lists now. */
  list(): Promise<Seen<readonly Definition[]>>;
  stop(): Promise<void>;
};

type Link = {
  readonly server: McpServer;
  readonly deps: LinkDeps;
  readonly standings: Map<string, Standing>;
};
type Look = Parameters<McpDriver['ask']>[0] & { readonly signal: AbortSignal };

/**
 * One server of the config. Nothing of it throws; a look is a gap where the server is not there, too slow, or the tool is off. A look
 * reads the list first when it is older than a minute, the connection is new, or the server said that it changed; and once more after
 * the answer when it said so meanwhile, so that no answer of a definition is used that nobody looked at.
 */
export function createMcpLink(server: McpServer, deps: LinkDeps): McpLink {
  const standings = new Map(server.tools.map(({ tool }) => [tool, UNSEEN]));
  const link: Link = { server, deps, standings };
  const keeper = new Keeper(deps.open, deps.clock);
  return {
    standings: () => standings,
    problem: () => keeper.problem,
    ask: (look, signal) => attempt(keeper, (live) => ask(link, live, { ...look, signal })),
    list: () =>
      attempt(keeper, async (live) => {
        live.listedAt = null;
        return { kind: 'seen', value: await freshList(link, live) };
      }),
    stop: () => keeper.stop(),
  };
}

async function attempt<T>(keeper: Keeper, work: (live: Live) => Promise<Seen<T>>): Promise<Seen<T>> {
  let live: Live | null = null;
  try {
    live = await keeper.connected();
    const seen = await work(live);
    live.late = 0;
    return seen;
  } catch (error) {
    const gap = error instanceof Late ? error.gap : gapOfFailure(error);
    if (live === null) return gap;
    if (error instanceof Late) live.late += 1;
    if (live.cut.tooLarge || live.late >= MOST_LATE || isBroken(error, gap)) live.drop();
    if (!live.cut.tooLarge) return gap;
    return { kind: 'gap', reason: 'too_large', detail: 'more at once than is taken' };
  }
}

/** What is behind the connection is gone, or knows nothing of it any more: only a new one can be used. */
function isBroken(error: unknown, { reason }: Gap): boolean {
  return reason === 'unreachable' || (error instanceof Error && 'code' in error && error.code === 404);
}

async function ask(link: Link, live: Live, { tool, args, signal }: Look): Promise<Seen<McpAnswer>> {
  const off = (): Gap | null => gapOfStanding(tool, link.standings.get(tool) ?? UNSEEN);
  await freshList(link, live);
  const before = off();
  if (before !== null) return before;
  const limit = { clock: link.deps.clock, ms: ANSWER_MS, what: 'answer', signal };
  const result = await within(limit, (stop) => live.connection.call(tool, args, stop));
  if (live.listedAt === null) await freshList(link, live);
  return off() ?? answerOf(result);
}

/** The list, read once for all who wait for it; how the tools stand follows from it. */
async function freshList(link: Link, live: Live): Promise<readonly Definition[]> {
  const { clock } = link.deps;
  const isFresh = live.listedAt !== null && clock.mono() - live.listedAt < LIST_LASTS_MS;
  if (isFresh && live.reading !== null) return live.reading;
  live.listedAt = clock.mono();
  live.reading = readList(link, live);
  return live.reading;
}

async function readList(link: Link, live: Live): Promise<readonly Definition[]> {
  const limit = { clock: link.deps.clock, ms: LIST_MS, what: 'list of tools' };
  try {
    const listed = await within(limit, (stop) => live.connection.list(stop));
    judge(link, listed);
    return listed;
  } catch (error) {
    live.listedAt = null;
    throw error;
  }
}

function judge({ server, deps, standings }: Link, listed: readonly Definition[]): void {
  for (const one of server.tools) {
    const before = standings.get(one.tool) ?? UNSEEN;
    const after = standingAfter(before, one, listed);
    standings.set(one.tool, after);
    if (after.kind !== before.kind) deps.onStanding(one, after);
  }
}
