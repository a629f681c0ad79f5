import { FirebreakError } from '../errors.ts';

/**
 * Headers of a request. Throws `secret_unusable` where a value cannot be one: what the platform throws there repeats the
 * value, and that may be a token which two lines of a file became.
 */
export function headersFrom(asked: RequestInit['headers']): Headers {
  try {
    return new Headers(asked);
  } catch {
    throw unusable();
  }
}

/** The same headers with one more. Throws like `headersFrom`. */
export function withHeader(asked: RequestInit['headers'], name: string, value: string): Headers {
  const headers = headersFrom(asked);
  try {
    headers.set(name, value);
    return headers;
  } catch {
    throw unusable();
  }
}

function unusable(): FirebreakError {
  return new FirebreakError(
    'secret_unusable',
    'a header, such as one with a token, holds a line break or a character that none can; nothing was sent',
  );
}
