import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { z } from 'zod';
import { messageOf } from '#core/errors.ts';
import { sha256 } from '#core/hash.ts';
import { pageState } from './page-state.ts';
import type { Hands, Told, Workspace } from './workspace.ts';

/** A page of this machine that shows a workspace as one of its people sees it. */
export type Page = { readonly url: string; close(): Promise<void> };

export type PageDeps = {
  readonly workspace: Workspace;
  readonly people: Hands;
  /** Who one is at first. */
  readonly first: string;
  readonly port?: number;
};

const MOST_BYTES = 20_000;
/** Nothing from elsewhere, no script but ours, nobody may frame it. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

const files: ReadonlyMap<string, { readonly name: string; readonly type: string }> = new Map([
  ['/', { name: 'page.html', type: 'text/html; charset=utf-8' }],
  ['/draw.js', { name: 'draw.js', type: 'text/javascript; charset=utf-8' }],
  ['/page.js', { name: 'page.js', type: 'text/javascript; charset=utf-8' }],
  ['/page.css', { name: 'page.css', type: 'text/css; charset=utf-8' }],
]);

/** Listens on loopback. What comes from a page of another origin, or under another name of this machine, is refused. */
export async function startPage(deps: PageDeps): Promise<Page> {
  const server = createServer((request, response) => {
    answer(deps, request, response).catch((error: unknown) =>
      sendJson(response, 400, { error: messageOf(error) }),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(deps.port ?? 0, '127.0.0.1', resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}/`,
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

async function answer(deps: PageDeps, request: IncomingMessage, response: ServerResponse): Promise<void> {
  response.setHeader('content-security-policy', POLICY);
  response.setHeader('x-content-type-options', 'nosniff');
  response.setHeader('referrer-policy', 'no-referrer');
  response.setHeader('cache-control', 'no-store');
  const { host = '', origin } = request.headers;
  const isOwn = /^127\.0\.0\.1:\d+$/.test(host) && (origin === undefined || origin === `http://${host}`);
  if (!isOwn) return sendJson(response, 403, { error: 'only from this page itself' });
  const url = new URL(request.url ?? '/', `http://${host}`);
  if (request.method === 'POST') return act(deps, { url, request }, response);
  if (request.method !== 'GET') return sendJson(response, 405, { error: 'GET or POST' });
  if (url.pathname === '/state') return sendState(deps, url, response);
  if (url.pathname.startsWith('/file/')) return sendPicture(deps, url.pathname.slice(6), response);
  const file = files.get(url.pathname);
  if (file === undefined) return sendJson(response, 404, { error: 'there is no such page' });
  response.writeHead(200, { 'content-type': file.type });
  response.end(readFileSync(new URL(file.name, import.meta.url)));
}

/** What the person sees; 204 when that is what the page has already. */
function sendState({ workspace, first }: PageDeps, url: URL, response: ServerResponse): void {
  const wanted = url.searchParams.get('you') ?? first;
  const you = workspace.users.has(wanted) ? wanted : first;
  const text = JSON.stringify(pageState(workspace, you));
  const version = sha256(text).slice(0, 16);
  if (url.searchParams.get('version') === version) {
    response.writeHead(204).end();
    return;
  }
  response.writeHead(200, { 'content-type': 'application/json', 'x-version': version });
  response.end(text);
}

function sendPicture({ workspace }: PageDeps, id: string, response: ServerResponse): void {
  const file = workspace.messages.flatMap(({ files: all }) => all).find((one) => one.id === id);
  if (file === undefined) return sendJson(response, 404, { error: 'there is no such file' });
  const isPng = Buffer.from(file.bytes).subarray(1, 4).toString('latin1') === 'PNG';
  response.writeHead(200, {
    'content-type': isPng ? 'image/png' : 'text/plain; charset=utf-8',
    ...(isPng ? {} : { 'content-disposition': 'attachment' }),
  });
  response.end(file.bytes);
}

const Id = z.string().min(1).max(255);
const Act = z.discriminatedUnion('act', [
  z.strictObject({
    act: z.literal('say'),
    you: Id,
    channel: Id,
    thread: Id.nullable(),
    text: z.string().min(1).max(4000),
  }),
  z.strictObject({ act: z.literal('click'), you: Id, channel: Id, ts: Id, action: Id }),
  z.strictObject({ act: z.literal('click_whisper'), you: Id, at: z.int().min(0), action: Id }),
  z.strictObject({
    act: z.literal('submit'),
    window: Id,
    values: z.record(z.string().max(255), z.string().max(3000)),
  }),
  z.strictObject({ act: z.literal('dismiss'), window: Id }),
  z.strictObject({ act: z.literal('home'), you: Id }),
]);
type Act = z.infer<typeof Act>;

async function act(
  { people, workspace }: PageDeps,
  { url, request }: { url: URL; request: IncomingMessage },
  response: ServerResponse,
): Promise<void> {
  if (url.pathname !== '/act' || request.headers['content-type'] !== 'application/json')
    return sendJson(response, 404, { error: 'there is no such thing to do' });
  const raw = await bytesOf(request);
  if (raw === undefined) return sendJson(response, 413, { error: 'too long' });
  const wanted = Act.safeParse(JSON.parse(raw.toString('utf8')));
  if (!wanted.success) return sendJson(response, 400, { error: z.prettifyError(wanted.error) });
  const { data } = wanted;
  if ('you' in data && workspace.users.get(data.you)?.bot !== false)
    return sendJson(response, 403, { error: 'there is no such person' });
  const told = await perform(people, data);
  const problem = told.kind === 'acknowledged' ? null : told.why;
  sendJson(response, 200, { problem });
}

/** A text that begins with /firebreak is the command, as in Slack, where commands work outside of threads only. */
async function perform(people: Hands, wanted: Act): Promise<Told> {
  switch (wanted.act) {
    case 'say': {
      const { you: user, channel, thread, text } = wanted;
      const command = /^\/firebreak(?:\s+|$)([\s\S]*)$/.exec(text)?.[1];
      if (command !== undefined && thread === null) return people.command({ user, channel, text: command });
      return people.say({ user, channel, text, ...(thread === null ? {} : { thread }) });
    }
    case 'click':
      return people.click({ user: wanted.you, ...wanted });
    case 'click_whisper':
      return people.clickWhisper({ user: wanted.you, ...wanted });
    case 'submit':
      return people.submit(wanted);
    case 'dismiss':
      people.dismiss(wanted.window);
      return { kind: 'acknowledged' };
    case 'home':
      return people.openHome(wanted.you);
  }
}

async function bytesOf(request: IncomingMessage): Promise<Buffer | undefined> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request) {
    const bytes = Buffer.from(part);
    size += bytes.length;
    if (size > MOST_BYTES) return undefined;
    parts.push(bytes);
  }
  return Buffer.concat(parts);
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}
