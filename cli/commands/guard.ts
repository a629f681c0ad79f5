import { z } from 'zod';
import { FirebreakError, messageOf } from '#core/errors.ts';
import { checkIds, severities } from '#doctor/check.ts';
import type { Finding } from '#doctor/examine.ts';
import { renderBad } from '#views/findings.ts';
import { painter } from '#views/table.ts';
import { ask, findServer } from '../client.ts';
import type { Common, Context, Outcome } from '../context.ts';
import { configPath, dataDirOf } from '../data-dir.ts';
import { outcomeOf, runningServer } from './doctor.ts';

export type GuardFlags = Common & { readonly once?: boolean; readonly every?: string };

const GuardAnswer = z.object({
  checks: z.array(
    z.object({
      id: z.enum(checkIds),
      severity: z.enum(severities),
      status: z.enum(['ok', 'warn', 'fail', 'skipped']),
      seen: z.string(),
      fix: z.string().nullable(),
    }),
  ),
});

/**
 * Has the server look at itself, or looks where none runs, once or again and again until the process is told to end.
 * With `--once` exit 1 when a check fails; in the loop what cannot be asked is said and tried again.
 */
export async function guard(options: GuardFlags, context: Context): Promise<Outcome> {
  if (options.once === true) return outcomeOf(await lookOnce(options, context), context);
  const everyMs = everyOf(options.every ?? '10m');
  const ended = new AbortController();
  void context.interrupted().then(() => ended.abort());
  while (!ended.signal.aborted) {
    try {
      const checks = await lookOnce(options, context);
      for (const line of renderBad(checks, painter(context.colours))) context.err(line);
    } catch (error) {
      context.err(messageOf(error));
    }
    await context.clock.sleep(everyMs, ended.signal).catch(() => undefined);
  }
  return { lines: [], json: { stopped: true } };
}

async function lookOnce(options: GuardFlags, context: Context): Promise<readonly Finding[]> {
  const dataDir = dataDirOf(options, context);
  if (runningServer(dataDir) !== null) {
    const server = findServer(options, context);
    return (await ask(server, { method: 'POST', path: '/v1/guard', body: {} }, GuardAnswer)).checks;
  }
  const { guardOffline } = await import('#server/guard-offline.ts');
  const { clock, err: onError } = context;
  return guardOffline({ dataDir, configPath: configPath(options, context), clock, onError });
}

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000 };

function everyOf(text: string): number {
  const [, count, unit = ''] = /^([1-9]\d{0,4})([smh])$/.exec(text) ?? [];
  const ms = Number(count) * (UNITS[unit] ?? Number.NaN);
  if (Number.isFinite(ms) && ms >= 10_000) return ms;
  throw new FirebreakError('usage', `${text} is not a time such as 30s, 10m or 1h, at least 10s`);
}
