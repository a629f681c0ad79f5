import { z } from 'zod';
import type { Fold } from '#audit/fold.ts';
import type { Entry } from '#audit/log.ts';
import { type Fact, readFact } from './entry.ts';
import { GUARD_SOURCE } from './own-finding.ts';

const Provider = z.object({
  lastOkAt: z.int().nullable(),
  failuresInRow: z.int(),
  reason: z.string().nullable(),
});
export type ProviderPast = z.infer<typeof Provider>;
const Forged = z.object({ at: z.int(), seq: z.int(), what: z.string() });
export type Forged = z.infer<typeof Forged>;

const Saved = z.object({
  firstTs: z.int().nullable(),
  lastTs: z.int(),
  startedAt: z.int().nullable(),
  anchorAt: z.int().nullable(),
  providers: z.array(z.tuple([z.string(), Provider])),
  failing: z.array(z.string()).nullable(),
  noticed: z.array(z.tuple([z.string(), z.int()])),
  forged: z.array(Forged),
});
type State = z.infer<typeof Saved>;

/** What says nothing of a provider: it came from a file, was ended here, or the prompt was too long. */
const SAYS_NOTHING: ReadonlySet<string> = new Set(['recorded', 'aborted', 'too_long']);
const MOST = 50;

const nothing = (): State => ({
  firstTs: null,
  lastTs: 0,
  startedAt: null,
  anchorAt: null,
  providers: [],
  failing: null,
  noticed: [],
  forged: [],
});

/**
 * What the log says about how Firebreak itself stands: when a checkpoint was kept elsewhere, how providers answered,
 * which checks failed when they were written down last, when people were last told of each, and who tried to decide or to
 * act with what the gate never gave out. All of it is bounded.
 */
export class PostureFold implements Fold {
  readonly name = 'posture';
  readonly version = 1;
  #state: State = nothing();
  #providers = new Map<string, ProviderPast>();
  #noticed = new Map<string, number>();

  get firstTs(): number | null {
    return this.#state.firstTs;
  }
  get lastTs(): number {
    return this.#state.lastTs;
  }
  get startedAt(): number | null {
    return this.#state.startedAt;
  }
  get anchorAt(): number | null {
    return this.#state.anchorAt;
  }
  /** The checks that failed when that was written down last; null: never. */
  get failing(): readonly string[] | null {
    return this.#state.failing;
  }
  provider(id: string): ProviderPast | undefined {
    return this.#providers.get(id);
  }
  /** When an incident was last opened, or opened again, for a fingerprint. */
  noticedAt(fingerprint: string): number | undefined {
    return this.#noticed.get(fingerprint);
  }
  /** The newest, at most 50. */
  forged(): readonly Forged[] {
    return this.#state.forged;
  }

  apply(entry: Entry): void {
    this.#state.firstTs ??= entry.ts;
    this.#state.lastTs = Math.max(this.#state.lastTs, entry.ts);
    const fact = readFact(entry);
    if (fact !== undefined) this.#step(fact, entry);
  }

  #step(fact: Fact, { ts, seq }: Entry): void {
    switch (fact.kind) {
      case 'server.started':
        this.#state.startedAt = ts;
        return;
      case 'anchor.written':
        this.#state.anchorAt = ts;
        return;
      case 'doctor.checked':
        this.#state.failing = fact.body.failing;
        return;
      case 'model.attempted':
        return this.#answer(fact.body.provider, fact.body.outcome, ts);
      case 'incident.opened':
      case 'alert.joined': {
        const { source, fingerprint } = fact.body.alert;
        if (source === GUARD_SOURCE) keep(this.#noticed, fingerprint, ts);
        return;
      }
      case 'request.refused':
        if (fact.body.reason === 'other_plan')
          this.#forge({ at: ts, seq, what: `${fact.body.by} decided on a plan that nobody was shown` });
        return;
      case 'tool.finished':
        if (fact.body.reason === 'bad_permit')
          this.#forge({ at: ts, seq, what: `a permit for ${fact.body.tool} that the gate did not give` });
        return;
      default:
        return;
    }
  }

  #forge(forged: Forged): void {
    this.#state.forged = [...this.#state.forged, forged].slice(-MOST);
  }

  #answer(provider: string, outcome: string, at: number): void {
    if (SAYS_NOTHING.has(outcome)) return;
    const past = this.#providers.get(provider) ?? { lastOkAt: null, failuresInRow: 0, reason: null };
    keep(
      this.#providers,
      provider,
      outcome === 'ok'
        ? { lastOkAt: at, failuresInRow: 0, reason: null }
        : { ...past, failuresInRow: past.failuresInRow + 1, reason: outcome },
    );
  }

  save(): unknown {
    return { ...this.#state, providers: [...this.#providers], noticed: [...this.#noticed] };
  }
  load(state: unknown): void {
    const saved = Saved.parse(state);
    this.#state = saved;
    this.#providers = new Map(saved.providers);
    this.#noticed = new Map(saved.noticed);
  }
  reset(): void {
    this.load(nothing());
  }
}

/** Sets it as the newest of at most 50. */
function keep<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key);
  map.set(key, value);
  for (const oldest of map.keys()) {
    if (map.size <= MOST) return;
    map.delete(oldest);
  }
}
