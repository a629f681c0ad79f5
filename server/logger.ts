import { type DestinationStream, type Logger as Pino, pino } from 'pino';
import type { Clean } from '#core/clean.ts';
import { redact } from '#core/redact.ts';

export type Logger = Pick<Pino, 'info' | 'warn' | 'error'>;

/** The operational log: JSON lines on standard error, each without secrets, disposable, never evidence. */
export function createLogger(clean: Clean = redact, to: DestinationStream = standardError()): Logger {
  const hooks = { streamWrite: clean };
  return pino({ name: 'firebreak', hooks }, to);
}

const standardError = (): DestinationStream => pino.destination({ dest: 2, sync: true });
