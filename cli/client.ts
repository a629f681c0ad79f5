import { z } from 'zod';
import { parseJson } from '#core/canonical.ts';
import { type Clock, realRandom } from '#core/clock.ts';
import { newCorrelation } from '#core/correlation.ts';
import { type ErrorCode, FirebreakError, messageOf } from '#core/errors.ts';
import { clip, inert } from '#core/inert.ts';
import type { Secret } from '#core/secret.ts';
import type { Common, Context } from './context.ts';
import { dataDirOf } from './data-dir.ts';
import { requestServer } from './request.ts';
import { readServerFile, type ServerFile } from './server-file.ts';
import { personalToken } from './token.ts';

/** How long the server may take to answer; it waits for nobody. */
const ANSWER_MS = 10_000;

/** A server that wrote its address into the data directory. Nothing was sent to it yet. */
export type Server = ServerFile & { readonly dataDir: string; readonly token: Secret; readonly clock: Clock };

export type Answer = {
  readonly status: number;
  readonly text: string;
  readonly bytes: Uint8Array;
  /** The id under which the request is found in the log and the output of the server. */
  readonly correlation: string;
};
export type Ask = { readonly method: 'GET' | 'POST'; readonly path: string; readonly body?: unknown };

/** The server of the data directory. Throws `server_unreachable` when none runs there or no token is at hand. */
export function findServer(options: Common, context: Context): Server {
  const dataDir = dataDirOf(options, context);
  const file = readServerFile(dataDir);
  if (file === undefined) throw noServer(dataDir);
  const token = personalToken(options, context);
  if (token === undefined) {
    throw new FirebreakError(
      'server_unreachable',
      'you have no personal token here: set FIREBREAK_TOKEN or write it to ~/.config/firebreak/token (chmod 600)',
    );
  }
  return { ...file, dataDir, token, clock: context.clock };
}

function noServer(dataDir: string): FirebreakError {
  return new FirebreakError(
    'server_unreachable',
    `no server is running in ${dataDir}; start it with: firebreak serve`,
  );
}

/** Asks and parses the answer. Throws with one line that says what, where, why and what to do next. */
export async function ask<T>(server: Server, question: Ask, schema: z.ZodType<T>): Promise<T> {
  const answer = await send(server, question);
  if (answer.status >= 400) throw refusalOf(server, question, answer);
  return parsed(server, question, { answer, schema });
}

/** Asks where a refusal has a shape of its own, e.g. a decision that came too late (409). */
export async function askEither<T>(server: Server, question: Ask, schema: z.ZodType<T>): Promise<T> {
  const answer = await send(server, question);
  const json = parseJson(answer.text, { floats: true, nodes: 1_000_000 });
  const known = json.kind === 'ok' ? schema.safeParse(json.value) : undefined;
  if (known?.success) return known.data;
  if (answer.status >= 400) throw refusalOf(server, question, answer);
  return parsed(server, question, { answer, schema });
}

/** Asks for text. Throws like `ask`. */
export async function sent(server: Server, question: Ask): Promise<string> {
  const answer = await send(server, question);
  if (answer.status >= 400) throw refusalOf(server, question, answer);
  return answer.text;
}

/** Asks for a file as it is. Throws like `ask`. */
export async function sentBytes(server: Server, question: Ask): Promise<Uint8Array> {
  const answer = await send(server, question);
  if (answer.status >= 400) throw refusalOf(server, question, answer);
  return answer.bytes;
}

/** Sends one request and waits for the whole answer. Throws `server_unreachable`. */
async function send(server: Server, { method, path, body }: Ask): Promise<Answer> {
  const correlation = newCorrelation(realRandom);
  const stop = new AbortController();
  const cancel = server.clock.after(ANSWER_MS, () =>
    stop.abort(new Error(`no answer within ${ANSWER_MS / 1000} s`)),
  );
  try {
    const { status, bytes } = await requestServer(server, {
      ...{ method, path, signal: stop.signal },
      headers: {
        authorization: `Bearer ${server.token.reveal()}`,
        'x-correlation-id': correlation,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    return { status, text: new TextDecoder().decode(bytes), bytes, correlation };
  } catch (error) {
    throw unreachableServer(server, error, correlation);
  } finally {
    cancel();
  }
}

function unreachableServer(server: Server, error: unknown, correlation: string): FirebreakError {
  const cause = error instanceof Error ? error.cause : undefined;
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  // The file of a server that was killed stays behind.
  if (code === 'ECONNREFUSED') return noServer(server.dataDir);
  const why = inert(messageOf(cause ?? error));
  return new FirebreakError(
    'server_unreachable',
    `the server in ${server.dataDir} (process ${server.pid}, ${server.url}) does not answer: ${why} (${correlation}); firebreak off works without it`,
    { next: 'retry', cause: error },
  );
}

const ErrorBody = z.object({ error: z.string(), correlation: z.string().optional() });
const codes: ReadonlyMap<number, ErrorCode> = new Map([
  [401, 'forbidden'],
  [403, 'forbidden'],
  [404, 'not_found'],
]);

function refusalOf(
  server: Server,
  { method, path }: Ask,
  { status, text, correlation }: Answer,
): FirebreakError {
  const json = parseJson(text);
  const body = json.kind === 'ok' ? ErrorBody.safeParse(json.value).data : undefined;
  const said =
    body === undefined ? `status ${status}` : inert(clip(body.error, 300)).replace(/^refused: /, '');
  const id = inert(body?.correlation ?? correlation);
  // A no to what a person wanted is no failure: the sentence alone says what there is to say.
  if (status === 409 && body !== undefined) return new FirebreakError('driver_failed', `${said} (${id})`);
  const where = body === undefined ? `${method} ${path}, ${id}` : id;
  return new FirebreakError(
    codes.get(status) ?? 'driver_failed',
    `the server in ${server.dataDir} refused: ${said} (${where})${status === 401 ? hintFor(path) : ''}`,
  );
}

/** What to look at where a token did not do; a page is taken from everybody on call, and not told apart from a stranger's. */
function hintFor(path: string): string {
  return path.startsWith('/v1/alerts/')
    ? '; handing over a page takes the token of a responder that the config of that server knows'
    : '; is your token still in the config of that server?';
}

function parsed<T>(
  server: Server,
  { method, path }: Ask,
  { answer, schema }: { answer: Answer; schema: z.ZodType<T> },
): T {
  const json = parseJson(answer.text, { floats: true, nodes: 1_000_000 });
  const value = json.kind === 'ok' ? schema.safeParse(json.value) : undefined;
  if (value?.success) return value.data;
  const why = value === undefined ? 'not JSON' : (value.error?.issues[0]?.path.join('.') ?? '');
  const { correlation } = answer;
  throw new FirebreakError(
    'driver_failed',
    `the server in ${server.dataDir} (version ${inert(server.version)}) gave an answer to ${method} ${path} that this command does not understand (${why}, ${correlation}); do both have the same version?`,
  );
}
