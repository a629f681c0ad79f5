import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { type Clock, realClock } from '#core/clock.ts';
import { type Behaviour, startController } from './controller.ts';
import { respond } from './respond.ts';
import { createStore, type Store } from './store.ts';

export type Verb = 'get' | 'list' | 'watch' | 'patch';
export type Call = {
  readonly verb: Verb;
  readonly resource: string;
  readonly namespace: string | null;
  readonly name: string | null;
  readonly dryRun: boolean;
  readonly query: URLSearchParams;
  readonly status: number;
};
/**
 * What goes wrong with the next calls that fit: `lost` is done and then not answered; `lies` is a dry run that shows
 * something else; `keeps` is one that is not dry; `moves` changes the status of the target in front of a write; `touched`
 * changes its spec.
 */
export type Fault = {
  readonly kind:
    | 429
    | 500
    | 'slow'
    | 'garbage'
    | 'huge'
    | 'reset'
    | 'lost'
    | 'lies'
    | 'keeps'
    | 'moves'
    | 'touched';
  readonly verb?: Verb;
  readonly resource?: string;
  readonly dryRun?: boolean;
  readonly times?: number;
};
/** What a token may: `verb resource`, `* *` for all. */
export type Rights = ReadonlySet<string>;

export type FakeKubernetes = {
  readonly url: string;
  readonly store: Store;
  readonly calls: Call[];
  /** Logs by `namespace/pod/container`, with `/previous` for what it wrote before its last restart. */
  readonly logs: Map<string, string>;
  readonly tokens: Map<string, Rights>;
  /** Lists that were begun cannot be gone on with. */
  expireLists(): void;
  fail(fault: Fault): void;
  close(): Promise<void>;
};
/** What one request is answered from. */
export type State = Omit<FakeKubernetes, 'url' | 'close' | 'expireLists' | 'fail'> & {
  readonly clock: Clock;
  readonly faults: (Fault & { left: number })[];
  lists: number;
};

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
