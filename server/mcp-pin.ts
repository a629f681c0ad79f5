import type { Clock } from '#core/clock.ts';
import type { McpServer } from '#tools/drivers/mcp/settings.ts';
import { UNSEEN } from '#tools/drivers/mcp/standing.ts';
import type { PinnedServer } from '#views/mcp-pins.ts';
import { linkTo } from './mounts.ts';

/** Asks each server once what it lists, and ends it. Reads only; what a server says is foreign. */
export async function readPins(
  servers: readonly McpServer[],
  { clock, onLine }: { clock: Clock; onLine: (server: string, line: string) => void },
): Promise<readonly PinnedServer[]> {
  return Promise.all(servers.map((server) => readPin(server, { clock, onLine })));
}

async function readPin(
  server: McpServer,
  { clock, onLine }: { clock: Clock; onLine: (server: string, line: string) => void },
): Promise<PinnedServer> {
  const link = linkTo(server, { clock, onLine, onStanding: () => {} });
  try {
    const listed = await link.list();
    const now = listed.kind === 'gap' ? [] : listed.value;
    const named = new Set(server.tools.map(({ tool }) => tool));
    return {
      server: server.id,
      problem: listed.kind === 'gap' ? listed.detail : null,
      tools: server.tools.map(({ tool }) => ({
        tool,
        standing: (link.standings().get(tool) ?? UNSEEN).kind,
        now: now.find(({ name }) => name === tool) ?? null,
      })),
      others: now.map(({ name }) => name).filter((name) => !named.has(name)),
    };
  } finally {
    await link.stop();
  }
}
