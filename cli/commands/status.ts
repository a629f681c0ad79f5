import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { renderStatus, type StatusView, statusView } from '#views/status.ts';
import { painter } from '#views/table.ts';
import { StatusAnswer } from '../answers.ts';
import { ask } from '../client.ts';
import type { Common, Context, Outcome } from '../context.ts';
import { reading, readLogState } from '../offline.ts';
import { readServerFile } from '../server-file.ts';
import { OFF_FILE } from './stops.ts';

/** What burns, what waits, what is switched off: one screen. */
export async function status(options: Common, context: Context): Promise<Outcome> {
  const view = await reading(options, context, {
    online: (server) => ask(server, { method: 'GET', path: '/v1/status' }, StatusAnswer),
    offline: offlineStatus,
  });
  const screen = screenOf(context);
  return { lines: renderStatus(view, screen), json: view };
}

/** How a command draws on the terminal it was started from. */
export function screenOf({ clock, zone, colours }: Context) {
  return { now: clock.now(), zone, paint: painter(colours) };
}

async function offlineStatus(dataDir: string): Promise<StatusView> {
  const { incidents, approvals, stops, entries, bad } = await readLogState(dataDir);
  const off = existsSync(join(dataDir, OFF_FILE));
  return statusView({
    server: runningServer(dataDir),
    // Which models there are is known to a running server only.
    ai: 'unknown',
    spend: null,
    failing: [],
    stops: {
      off: off || stops.off,
      frozen: stops.frozen,
      by: off && !stops.off ? `the file ${OFF_FILE}` : stops.by,
      at: off && !stops.off ? null : stops.at,
    },
    // So is what holds changes back.
    holds: [],
    incidents: incidents.current(),
    approvals: approvals.all(),
    policyWaiting: { answers: 0, people: 0 },
    log: { entries, verified: bad === null ? 'not_checked' : 'bad', problem: bad },
  });
}

/** The server that wrote its address here, as long as its process lives: it runs, whether or not it can be asked. */
function runningServer(dataDir: string): StatusView['server'] {
  const file = readServerFile(dataDir);
  return file !== undefined && isAlive(file.pid)
    ? { version: file.version, startedAt: file.startedAt, pid: file.pid }
    : null;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
