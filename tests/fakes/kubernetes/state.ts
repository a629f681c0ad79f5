import type { Clock } from '#core/clock.ts';
import type { Store } from './store.ts';

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
/**
 * What a token may: `verb resource`, `* *` for all, `not verb resource` for all but that. `dryrun resource` is the right to
 * patch of a token that an admission policy holds to dry runs.
 */
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
