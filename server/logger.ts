import { type Logger as Pino, pino } from 'pino';
import { redact } from '#core/redact.ts';

export type Logger = Pick<Pino, 'info' | 'warn' | 'error'>;

/** The operational log: JSON lines on standard error, redacted, disposable, never evidence. */
export function createLogger(): Logger {
  const hooks = { streamWrite: redact };
  return pino({ name: 'firebreak', hooks }, pino.destination({ dest: 2, sync: true }));
}
