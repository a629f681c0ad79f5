import type { Server } from 'node:http';
import { type WebSocket, WebSocketServer } from 'ws';
import { z } from 'zod';
import type { Clock } from '#core/clock.ts';
import type { FakeWorkspace, Numbers } from './state.ts';

export type Envelope = {
  readonly type: 'events_api' | 'slash_commands' | 'interactive';
  readonly payload: Readonly<Record<string, unknown>>;
};
/** What became of an envelope or request; `response` is what the app sent along. */
export type Delivered =
  | { readonly kind: 'acknowledged'; readonly response: unknown }
  | { readonly kind: 'not_acknowledged'; readonly why: string };

const Acknowledgement = z.strictObject({ envelope_id: z.string(), payload: z.unknown().optional() });
/** How long Slack waits before it tells the person that the app did not answer. */
export const PATIENCE_MS = 3_000;

type Waiting = { envelope: Envelope; attempt: number; done: (result: Delivered) => void };

export type FakeSocket = {
  /** A new address to connect to, as `apps.connections.open` gives it. */
  open(host: string): string;
  deliver(envelope: Envelope): Promise<Delivered>;
  connections(): number;
  /** Asks the app to connect anew, as Slack does every few hours. */
  refresh(): void;
  /** Cuts every connection. */
  cut(): void;
  close(): void;
};

/**
 * Socket Mode: says hello, sends each envelope to the newest connection, and checks what is acknowledged. An event that
 * nobody acknowledged is sent again, marked as a retry, when the app connects next; a click or command is lost.
 */
export function createSocket(
  server: Server,
  deps: { workspace: FakeWorkspace; numbers: Numbers; clock: Clock },
): FakeSocket {
  const { workspace, numbers, clock } = deps;
  const sockets = new WebSocketServer({ server, path: '/link' });
  const tickets = new Set<string>();
  const open: WebSocket[] = [];
  const waiting = new Map<string, Waiting>();
  const missed: Waiting[] = [];

  function send(socket: WebSocket, item: Waiting): void {
    const { envelope, attempt } = item;
    const id = numbers.id('envelope-');
    waiting.set(id, item);
    const retry = attempt > 0 ? { retry_attempt: attempt, retry_reason: 'timeout' } : {};
    const accepts = { accepts_response_payload: envelope.type !== 'events_api' };
    socket.send(JSON.stringify({ envelope_id: id, ...envelope, ...accepts, ...retry }));
    clock.after(PATIENCE_MS, () => giveUp(id, 'no answer within 3 s'));
  }
  function giveUp(id: string, why: string): void {
    const item = waiting.get(id);
    if (item === undefined) return;
    waiting.delete(id);
    if (item.envelope.type === 'events_api') missed.push({ ...item, attempt: item.attempt + 1 });
    item.done({ kind: 'not_acknowledged', why });
  }
  function acknowledge(text: string): void {
    const message = Acknowledgement.safeParse(JSON.parse(text));
    const item = message.success ? waiting.get(message.data.envelope_id) : undefined;
    if (!message.success || item === undefined) {
      workspace.misuse.push(`not an acknowledgement that is waited for: ${text.slice(0, 200)}`);
      return;
    }
    waiting.delete(message.data.envelope_id);
    item.done({ kind: 'acknowledged', response: message.data.payload });
  }

  sockets.on('connection', (socket, request) => {
    const ticket = new URL(request.url ?? '', 'ws://fake').searchParams.get('ticket') ?? '';
    if (!tickets.delete(ticket)) return socket.close(1008, 'link_disabled');
    socket.on('message', (data) => acknowledge(String(data)));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      open.splice(open.indexOf(socket), 1);
      if (open.length === 0) for (const id of [...waiting.keys()]) giveUp(id, 'the connection was lost');
    });
    open.push(socket);
    const info = { app_id: workspace.app };
    socket.send(JSON.stringify({ type: 'hello', num_connections: open.length, connection_info: info }));
    for (const item of missed.splice(0)) send(socket, item);
  });

  return {
    open: (host) => {
      const ticket = numbers.id('ticket-');
      tickets.add(ticket);
      return `ws://${host}/link?ticket=${ticket}`;
    },
    deliver: (envelope) =>
      new Promise((done) => {
        const socket = open.at(-1);
        const item = { envelope, attempt: 0, done };
        if (socket !== undefined) return send(socket, item);
        if (envelope.type === 'events_api') missed.push({ ...item, attempt: 1 });
        done({ kind: 'not_acknowledged', why: 'the app is not connected' });
      }),
    connections: () => open.length,
    refresh: () => {
      for (const socket of open)
        socket.send(JSON.stringify({ type: 'disconnect', reason: 'refresh_requested' }));
    },
    cut: () => {
      for (const socket of [...open]) socket.terminate();
    },
    close: () => {
      for (const socket of [...open]) socket.terminate();
      sockets.close();
    },
  };
}
