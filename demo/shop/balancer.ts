import { Agent, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { listen } from './http.ts';

/** Where the traffic of one service goes: the ports of its running instances, asked for at every request. */
export type Targets = () => readonly number[];

type Pass = { incoming: IncomingMessage; response: ServerResponse; port: number };

function refuse(response: ServerResponse, code: 502 | 503, error: string): void {
  if (response.headersSent) response.destroy();
  else response.writeHead(code).end(JSON.stringify({ error }));
}

/**
 * Starts a round-robin balancer on a free loopback port. No running instance gives 503, an instance that does not answer
 * 502; a request whose kept-alive socket was closed under it is sent once more.
 */
export async function startBalancer(targets: Targets): Promise<{ port: number; close: () => void }> {
  const agent = new Agent({ keepAlive: true, maxSockets: 512 });
  let turn = 0;
  const pass = ({ incoming, response, port }: Pass, again: boolean): void => {
    const { method, url, headers } = incoming;
    const outgoing = request({ host: '127.0.0.1', port, method, path: url, headers, agent }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
      answer.on('error', () => response.destroy());
    });
    outgoing.on('error', () => {
      if (outgoing.reusedSocket && again && !response.headersSent) route(incoming, response, false);
      else refuse(response, 502, 'instance did not answer');
    });
    response.on('close', () => {
      if (!response.writableFinished) outgoing.destroy();
    });
    outgoing.end();
  };
  const route = (incoming: IncomingMessage, response: ServerResponse, again: boolean): void => {
    const ports = targets();
    const port = ports[turn % Math.max(1, ports.length)];
    turn += 1;
    if (port === undefined) refuse(response, 503, 'no running instance');
    else pass({ incoming, response, port }, again);
  };
  const { server, port } = await listen((incoming, response) => {
    incoming.resume();
    if (incoming.method === 'GET') route(incoming, response, true);
    else response.writeHead(405).end();
  });
  return { port, close: () => server.close() };
}
