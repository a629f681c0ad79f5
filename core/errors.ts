/** Closed list: what went wrong, in the words a caller can switch on. */
export type ErrorCode =
  | 'config_invalid'
  | 'usage'
  | 'data_dir_locked'
  | 'data_dir_unusable'
  | 'port_taken'
  | 'log_append_failed'
  | 'log_tampered'
  | 'json_invalid'
  | 'server_unreachable'
  | 'driver_failed'
  | 'not_found'
  | 'forbidden'
  | 'refused_by_egress'
  | 'secret_unusable'
  | 'bug';

/** What the caller should do next: try again, give up, or ask a person. */
export type NextStep = 'retry' | 'stop' | 'ask';

/** The only error class. Expected refusals are values; this is for broken I/O, wrong input at a process edge, and bugs. */
export class FirebreakError extends Error {
  readonly code: ErrorCode;
  readonly next: NextStep;
  constructor(code: ErrorCode, message: string, options: { next?: NextStep; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.name = 'FirebreakError';
    this.code = code;
    this.next = options.next ?? 'stop';
  }
}

/** One line of text for any thrown value; never a stack. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** For the `default` of an exhaustive switch. */
export function unreachable(value: never): never {
  throw new FirebreakError('bug', `unexpected value ${JSON.stringify(value)}`);
}
