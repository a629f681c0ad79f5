import { join } from 'node:path';
import { livingHolder } from '#audit/lock-holder.ts';
import { readIfThere } from '#audit/private-files.ts';
import { realRandom } from '#core/clock.ts';
import { examine, type Finding } from '#doctor/examine.ts';
import { renderFindings } from '#views/findings.ts';
import { painter } from '#views/table.ts';
import type { Common, Context, Outcome } from '../context.ts';
import { configPath, dataDirOf } from '../data-dir.ts';
import { readServerFile, type ServerFile } from '../server-file.ts';

export type DoctorFlags = Common & { readonly online?: boolean };

/** Checks how Firebreak stands: config, files, log, and what runs. Answers without any of them; exit 1 when a check fails. */
export async function doctor(options: DoctorFlags, context: Context): Promise<Outcome> {
  const { lookFromOutside } = await import('#server/doctor-outside.ts');
  const dataDir = dataDirOf(options, context);
  context.err(`looking at ${dataDir}`);
  const facts = await lookFromOutside({
    ...{ dataDir, configPath: configPath(options, context), clock: context.clock },
    online: options.online === true,
    server: runningServer(dataDir),
  });
  return outcomeOf(examine(facts), context);
}

/** The findings as lines and as one document. */
export function outcomeOf(checks: readonly Finding[], { colours }: Pick<Context, 'colours'>): Outcome {
  const failed = checks.some(({ status }) => status === 'fail');
  return { lines: renderFindings(checks, painter(colours)), json: { checks }, ...(failed && { exit: 1 }) };
}

/** The server that holds the data directory, as far as it runs on this machine and says where it listens. */
export function runningServer(dataDir: string): { pid: number; startedAt: number } | null {
  const path = join(dataDir, 'lock');
  const content = readIfThere(path)?.toString();
  const living = content === undefined ? undefined : livingHolder({ path, content, random: realRandom });
  if (living === undefined || living.elsewhere !== undefined) return null;
  const file = addressIn(dataDir);
  return file?.pid === living.holder.pid ? { pid: file.pid, startedAt: file.startedAt } : null;
}

/** A file that cannot be used says nothing. */
function addressIn(dataDir: string): ServerFile | undefined {
  try {
    return readServerFile(dataDir);
  } catch {
    return undefined;
  }
}
