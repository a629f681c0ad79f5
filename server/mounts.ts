import type { Clock } from '#core/clock.ts';
import { originOf } from '#core/egress/rules.ts';
import { createEgress } from '#core/egress.ts';
import type { BodyOf } from '#incidents/entry.ts';
import { createGuard } from '#tools/drivers/breaker.ts';
import { guardMcp } from '#tools/drivers/guarded.ts';
import { createHttpTransport } from '#tools/drivers/mcp/http.ts';
import { createMcpLink, type McpLink } from '#tools/drivers/mcp/link.ts';
import type { McpServer, McpTool } from '#tools/drivers/mcp/settings.ts';
import { type Standing, standingWords } from '#tools/drivers/mcp/standing.ts';
import { createStdioTransport, MAX_MESSAGE_BYTES } from '#tools/drivers/mcp/stdio.ts';
import type { McpDriver } from '#tools/drivers/mcp-port.ts';

/** Longer than each limit of the link itself, which closes what is late. */
const CAP_MS = 19_000;

export type MountDeps = {
  readonly clock: Clock;
  /** A line for the operational log; must not throw. */
  readonly onLine: (server: string, line: string) => void;
  /** A tool is off for the rest of this start; must not throw. */
  readonly onRefused: (refused: BodyOf<'mount.refused'>) => void;
};

/** A tool that is off, or a server that is not there, and why. */
export type MountProblem = { readonly name: string; readonly why: string };

export type Mounts = {
  /** By the name of the server in the config, each behind its own breaker. */
  readonly drivers: ReadonlyMap<string, McpDriver>;
  /** Reaches every server once and reads what it lists, so that what is wrong shows before the first page. */
  start(): void;
  /** What cannot be asked now. */
  problems(): readonly MountProblem[];
  /** Resolves when nothing of them runs any more. */
  stop(): Promise<void>;
};

/** The servers of the config; nothing of them runs, and nothing of the library is loaded, before `start` or the first look. */
export function createMounts(servers: readonly McpServer[], deps: MountDeps): Mounts {
  const links = servers.map((server) => {
    const { clock, onLine } = deps;
    const onStanding = (tool: McpTool, standing: Standing) => tell(server, deps, { tool, standing });
    return { server, link: linkTo(server, { clock, onLine, onStanding }) };
  });
  const drivers = links.map(({ server, link }) => {
    const guard = createGuard({ name: `MCP server ${server.id}`, capMs: CAP_MS }, deps.clock);
    return [server.id, guardMcp(link, guard)] as const;
  });
  return {
    drivers: new Map(drivers),
    start: () => {
      for (const { server, link } of links)
        void link.list().then((listed) => {
          if (listed.kind === 'gap') deps.onLine(server.id, `not reached: ${listed.detail}`);
        });
    },
    problems: () => links.flatMap(({ server, link }) => problemsOf(server, link)),
    stop: async () => {
      await Promise.all(links.map(({ link }) => link.stop()));
    },
  };
}

export type LinkToDeps = Pick<MountDeps, 'clock' | 'onLine'> & {
  readonly onStanding: (tool: McpTool, standing: Standing) => void;
};

/** A link to one server, where the config says that it is; `onLine` gets what a process says in its own log. */
export function linkTo(server: McpServer, { clock, onLine, onStanding }: LinkToDeps): McpLink {
  const { at, id } = server;
  const open = async (onTooLarge: () => void) => {
    if (at.kind === 'command')
      return createStdioTransport(at, { clock, onTooLarge, onLine: (line) => onLine(id, line) });
    const way = createEgress({ rules: [originOf(at.url)], maxBytes: MAX_MESSAGE_BYTES + 1, clock });
    return createHttpTransport(at, { fetch: way.fetch, onTooLarge });
  };
  return createMcpLink(server, { clock, open, onStanding });
}

type Told = { readonly tool: McpTool; readonly standing: Standing };

function tell(server: McpServer, { onLine, onRefused }: MountDeps, { tool, standing }: Told): void {
  const words = standingWords(standing);
  onLine(server.id, words === null ? `${tool.tool} may be asked` : `${tool.tool} ${words}`);
  const refused = refusalOf(server, tool, standing);
  if (refused !== null) onRefused(refused);
}

function refusalOf(
  server: McpServer,
  tool: McpTool,
  { kind, seen }: Standing,
): BodyOf<'mount.refused'> | null {
  if (kind !== 'drifted' && kind !== 'changes' && kind !== 'ambiguous') return null;
  return { server: server.id, tool: tool.tool, reason: kind, pinned: tool.definition, seen };
}

function problemsOf({ id, tools }: McpServer, link: McpLink): MountProblem[] {
  const why = link.problem();
  if (why !== null) return [{ name: id, why: `not reached: ${why}` }];
  return tools.flatMap(({ tool }) => {
    const standing = link.standings().get(tool);
    const words = standing === undefined || standing.kind === 'unseen' ? null : standingWords(standing);
    return words === null ? [] : [{ name: `${id} ${tool}`, why: words }];
  });
}
