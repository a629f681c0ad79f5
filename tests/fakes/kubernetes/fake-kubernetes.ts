import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { type Clock, realClock } from '#core/clock.ts';
import { type Behaviour, startController } from './controller.ts';
import { respond } from './respond.ts';
import type { FakeKubernetes, State } from './state.ts';
import { createStore } from './store.ts';

type Options = {
  clock?: Clock;
  behaviour?: Partial<Behaviour>;
  tls?: { key: string; cert: string };
};

/** The API server of a cluster on this machine, with the controllers behind it. The caller closes it. */
export async function startFakeKubernetes(options: Options = {}): Promise<FakeKubernetes> {
  const { clock = realClock } = options;
  const store = createStore(clock);
  const behaviour: Behaviour = { image: () => 'runs', startMs: 20, ...options.behaviour };
  const stop = startController({ store, clock, behaviour });
  const state: State = {
    ...{ store, clock, calls: [], logs: new Map(), tokens: new Map([['all', new Set(['* *'])]]) },
    ...{ faults: [], lists: 0 },
  };
  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    void text(request).then(
      (body) => respond(state, { request, response, body }),
      () => response.destroy(),
    );
  };
  const server = options.tls ? createTlsServer(options.tls, handle) : createServer(handle);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    ...state,
    url: `${options.tls ? 'https' : 'http'}://127.0.0.1:${port}`,
    expireLists: () => {
      state.lists += 1;
    },
    fail: (fault) => {
      state.faults.push({ ...fault, left: fault.times ?? 1 });
    },
    close: () =>
      new Promise((resolve) => {
        stop();
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
