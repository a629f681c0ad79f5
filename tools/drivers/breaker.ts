import type { Clock } from '#core/clock.ts';
import { messageOf } from '#core/errors.ts';
import { shortForeign } from './http-text.ts';
import type { Gap, Seen } from './seen.ts';

export type BreakerSettings = {
  /** What is asked, for people: `prometheus main`. */
  readonly name: string;
  /** So many failures in a row open it. Default 3. */
  readonly failures?: number;
  /** So long nothing is asked after that. Default 10 s. */
  readonly restMs?: number;
  /** Longest wait for one answer, whatever the driver itself does. Default 8 s. */
  readonly capMs?: number;
};
/** A look of a driver: ends by itself when the signal aborts. */
type Look<A extends readonly unknown[], T> = (...args: [...A, AbortSignal]) => Promise<Seen<T>>;
/** The same look, asked through the breaker. */
export type Guard = <A extends readonly unknown[], T>(look: Look<A, T>) => Look<A, T>;

/** Nobody answered: asking again at once costs the same wait. Every other gap is an answer. */
const FAILED: ReadonlySet<Gap['reason']> = new Set(['unreachable', 'timeout']);

/**
 * Closed: every look is asked; an answer of any kind forgets earlier failures, and the n-th failure in a row opens it.
 * Open: a look is a gap at once, which says since when and why. When the rest is over, half open: one look is asked while the others
 * are still gaps; an answer closes it, a failure opens it for another rest. A look that its caller stopped counts for nothing. A look
 * that began before it opened, and fails after, changes nothing.
 */
class Breaker {
  readonly #settings: Required<BreakerSettings>;
  readonly #clock: Clock;
  #failed = 0;
  #open: { since: number; until: number; why: string } | null = null;
  #trying = false;

  constructor(settings: Required<BreakerSettings>, clock: Clock) {
    this.#settings = settings;
    this.#clock = clock;
  }

  /** The gap to give at once, or whether the look is the one that tries after a rest. */
  enter(): Gap | { readonly kind: 'go'; readonly tries: boolean } {
    if (this.#open === null) return { kind: 'go', tries: false };
    if (this.#clock.mono() >= this.#open.until && !this.#trying) {
      this.#trying = true;
      return { kind: 'go', tries: true };
    }
    const since = new Date(this.#open.since).toISOString();
    const detail = `${this.#settings.name} has not answered since ${since} (${this.#open.why})`;
    return { kind: 'gap', reason: 'unreachable', detail };
  }

  leave(seen: Seen<unknown>, { tries, wasStopped }: { tries: boolean; wasStopped: boolean }): void {
    if (tries) this.#trying = false;
    const failed = seen.kind === 'gap' && FAILED.has(seen.reason);
    if (failed && wasStopped) return;
    if (!failed) {
      this.#failed = 0;
      this.#open = null;
      return;
    }
    if (this.#open !== null && !tries) return;
    this.#failed += 1;
    if (this.#open === null && this.#failed < this.#settings.failures) return;
    const since = this.#open?.since ?? this.#clock.now();
    this.#open = { since, until: this.#clock.mono() + this.#settings.restMs, why: seen.detail };
  }
}

/**
 * One breaker around all looks of a driver: what it wraps never throws, ends by its cap or its caller's signal even if the driver
 * does neither, and is a gap at once while the other side does not answer.
 */
export function createGuard(settings: BreakerSettings, clock: Clock): Guard {
  const whole = { failures: 3, restMs: 10_000, capMs: 8000, ...settings };
  const breaker = new Breaker(whole, clock);
  return (look) =>
    async (...args) => {
      const entry = breaker.enter();
      if (entry.kind === 'gap') return entry;
      const signal = signalOf(args);
      const seen = await within(() => look(...args), { clock, capMs: whole.capMs, signal });
      breaker.leave(seen, { tries: entry.tries, wasStopped: signal?.aborted === true });
      return seen;
    };
}

function signalOf(args: readonly unknown[]): AbortSignal | undefined {
  const last = args.at(-1);
  return last instanceof AbortSignal ? last : undefined;
}

type Limits = { readonly clock: Clock; readonly capMs: number; readonly signal: AbortSignal | undefined };

/** The look's own answer, or a gap where it throws, takes longer than the cap, or is stopped. */
async function within<T>(look: () => Promise<Seen<T>>, { clock, capMs, signal }: Limits): Promise<Seen<T>> {
  const ended = Promise.withResolvers<Gap>();
  const end = (detail: string): void => ended.resolve({ kind: 'gap', reason: 'timeout', detail });
  const onAbort = (): void => end('stopped while waiting');
  const cancel = clock.after(capMs, () => end(`no answer within ${capMs} ms`));
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([look(), ended.promise]);
  } catch (error) {
    return { kind: 'gap', reason: 'bad_answer', detail: shortForeign(messageOf(error)) };
  } finally {
    cancel();
    signal?.removeEventListener('abort', onAbort);
  }
}
