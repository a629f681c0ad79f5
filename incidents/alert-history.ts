import { z } from 'zod';
import type { Fold } from '#audit/fold.ts';
import type { Entry } from '#audit/log.ts';
import { Digest, ServiceId } from '#core/ids.ts';
import { type BodyOf, type Fact, readFact } from './entry.ts';
import { AlertFacts } from './facts/incident.ts';

/** So many changes between firing and cleared in this time, and the alert flaps until it was calm for as long. */
export const FLAP_CHANGES = 3;
export const FLAP_MS = 10 * 60_000;
/** An alert of which nothing was heard for so long is forgotten, unless something still depends on it. */
const FORGET_MS = 60 * 60_000;
const SWEEP_ABOVE = 500;
const MOST = 5000;

const AlertPast = z.object({
  /** As it was last told, `status` being what its sender says. */
  alert: AlertFacts,
  /** When it changed between firing and cleared, the last ones. */
  changes: z.array(z.int()),
  /** It fires, and no incident was opened for it. */
  held: z.object({ window: z.string(), until: z.int(), service: ServiceId.nullable() }).nullable(),
  /** It changed while it flapped, and its incident was not told. */
  unsettled: z.boolean(),
  at: z.int(),
});
/** What the log knows of one alert. */
export type AlertPast = z.infer<typeof AlertPast>;

const Over = z.object({ startsAt: z.int(), at: z.int() });
/** The newest time of an alert that is over, as its sender says: when it had begun, and when that was told. */
export type Over = z.infer<typeof Over>;

const Saved = z.object({ past: z.array(AlertPast), over: z.array(z.tuple([Digest, Over])) });

/** Whether an alert changes so often that nothing is made of it until it is calm. */
export function isFlapping(past: AlertPast | undefined, now: number): boolean {
  return (past?.changes.filter((at) => now - at < FLAP_MS).length ?? 0) >= FLAP_CHANGES;
}

/** What happened to each alert of late, by fingerprint, folded from the log. */
export class AlertHistory implements Fold {
  readonly name = 'alert-history';
  readonly version = 1;
  #past = new Map<Digest, AlertPast>();
  #over = new Map<Digest, Over>();

  get(fingerprint: Digest): AlertPast | undefined {
    return this.#past.get(fingerprint);
  }
  /** What is over of it; a page that comes late, after its own end, is told by it. */
  over(fingerprint: Digest): Over | undefined {
    return this.#over.get(fingerprint);
  }
  /** Pages that fire and are left alone. */
  held(): readonly AlertPast[] {
    return [...this.#past.values()].filter(({ held }) => held !== null);
  }
  /** Alerts whose incident does not know the last change, because they flapped. */
  unsettled(): readonly AlertPast[] {
    return [...this.#past.values()].filter((past) => past.unsettled);
  }
  /** How many alerts flap now. */
  flapping(now: number): number {
    return [...this.#past.values()].filter((past) => isFlapping(past, now)).length;
  }

  apply(entry: Entry): void {
    if (!KINDS.has(entry.kind)) return;
    const fact = readFact(entry);
    if (fact !== undefined) this.#step(fact);
  }

  #step(fact: Fact): void {
    const { ts } = fact.entry;
    switch (fact.kind) {
      case 'incident.opened':
      case 'alert.joined':
        this.#told(fact.body.alert, ts, { changed: true, held: null, unsettled: false });
        return;
      case 'alert.suppressed': {
        const flaps = fact.body.reason === 'flapping';
        this.#told(fact.body.alert, ts, { changed: flaps, ...(flaps && { unsettled: true }) });
        return;
      }
      case 'page.suppressed': {
        const { alert, window, until, service } = fact.body;
        this.#told(alert, ts, { changed: false, held: { window, until, service } });
        return;
      }
      case 'alert.cleared':
      case 'page.cleared':
        return this.#cleared(fact.body, ts, fact.kind === 'alert.cleared');
      default:
        return;
    }
  }

  #told(
    alert: AlertPast['alert'],
    at: number,
    { changed, ...rest }: { changed: boolean; held?: AlertPast['held']; unsettled?: boolean },
  ): void {
    const known = this.#past.get(alert.fingerprint);
    const newest = Math.max(alert.startsAt, known?.alert.startsAt ?? 0);
    this.#keep({
      alert: { ...alert, startsAt: newest },
      changes: changed ? pushed(known?.changes ?? [], at) : (known?.changes ?? []),
      held: known?.held ?? null,
      unsettled: known?.unsettled ?? false,
      at,
      ...rest,
    });
  }

  #cleared(
    { fingerprint, startsAt, endsAt }: BodyOf<'alert.cleared'> | BodyOf<'page.cleared'>,
    at: number,
    changed: boolean,
  ): void {
    if (startsAt !== undefined && endsAt !== undefined) this.#end(fingerprint, { startsAt, at });
    const known = this.#past.get(fingerprint);
    if (known === undefined) return;
    this.#keep({
      alert: { ...known.alert, status: 'cleared' },
      changes: changed ? pushed(known.changes, at) : known.changes,
      held: null,
      unsettled: false,
      at,
    });
  }

  #end(fingerprint: Digest, over: Over): void {
    this.#over.delete(fingerprint);
    this.#over.set(fingerprint, over);
    if (this.#over.size <= SWEEP_ABOVE) return;
    for (const [key, { at }] of this.#over)
      if (at < over.at - FORGET_MS || this.#over.size > MOST) this.#over.delete(key);
  }

  /** The last one heard of stands last. */
  #keep(past: AlertPast): void {
    const { fingerprint } = past.alert;
    this.#past.delete(fingerprint);
    this.#past.set(fingerprint, past);
    if (this.#past.size <= SWEEP_ABOVE) return;
    for (const [key, { at, held, unsettled }] of this.#past) {
      const isNeeded = held !== null || unsettled;
      if (at < past.at - FORGET_MS ? !isNeeded : this.#past.size > MOST) this.#past.delete(key);
    }
  }

  save(): unknown {
    return { past: [...this.#past.values()], over: [...this.#over] };
  }
  load(state: unknown): void {
    const saved = Saved.parse(state);
    this.#past = new Map(saved.past.map((past) => [past.alert.fingerprint, past]));
    this.#over = new Map(saved.over);
  }
  reset(): void {
    this.load({ past: [], over: [] });
  }
}

function pushed(changes: readonly number[], at: number): number[] {
  return [...changes, at].slice(-FLAP_CHANGES);
}

const KINDS: ReadonlySet<string> = new Set([
  'incident.opened',
  'alert.joined',
  'alert.suppressed',
  'alert.cleared',
  'page.suppressed',
  'page.cleared',
]);
