import { z } from 'zod';
import type { Fold } from '#audit/fold.ts';
import type { Entry } from '#audit/log.ts';
import { IncidentId } from '#core/ids.ts';
import { type BodyOf, readFact } from './entry.ts';
import { REOPEN_MS } from './incident-fold.ts';

/** What was spent for one role of an incident. `usdMicros` holds what is reserved and not settled. */
const RoleSpend = z.object({
  attempts: z.int(),
  failed: z.int(),
  inputTokens: z.int(),
  outputTokens: z.int(),
  usdMicros: z.int(),
});
export type RoleSpend = z.infer<typeof RoleSpend>;

const IncidentSpend = z.object({
  usdMicros: z.int(),
  /** The budget as it was at the last reservation. */
  limitUsdMicros: z.int(),
  roles: z.record(z.string(), RoleSpend),
  resolvedAt: z.int().nullable(),
});
export type IncidentSpend = z.infer<typeof IncidentSpend>;

const Saved = z.object({
  incidents: z.array(z.tuple([IncidentId, IncidentSpend])),
  days: z.array(z.tuple([z.string(), z.int()])),
  noticed: z.array(z.tuple([z.string(), z.int()])),
});

/** How many days stay known: enough to tell an unusual one. */
const DAYS = 31;

/** Which budget: of an incident, of one role in it, or of a UTC day. */
export type SpendScope =
  | { readonly kind: 'incident'; readonly incident: IncidentId }
  | { readonly kind: 'role'; readonly incident: IncidentId; readonly role: string }
  | { readonly kind: 'day'; readonly day: string };

export function scopeKey(scope: SpendScope): string {
  switch (scope.kind) {
    case 'incident':
      return `incident ${scope.incident}`;
    case 'role':
      return `role ${scope.incident} ${scope.role}`;
    case 'day':
      return `day ${scope.day}`;
  }
}

/**
 * What models cost, folded from the log. A reservation counts in full from the moment it is durable; settling replaces
 * it by the true cost, so one that is never settled stays spent, also after a restart. Incidents are kept as long as
 * they can re-open, days for a month.
 */
export class SpendFold implements Fold {
  readonly name = 'spend';
  readonly version = 1;
  #incidents = new Map<IncidentId, IncidentSpend>();
  #days = new Map<string, number>();
  #noticed = new Map<string, number>();

  incident(id: IncidentId): IncidentSpend | undefined {
    return this.#incidents.get(id);
  }
  /** Spend of each UTC day that is known, in millionths of a dollar. */
  days(): ReadonlyMap<string, number> {
    return this.#days;
  }
  spent(scope: SpendScope): number {
    if (scope.kind === 'day') return this.#days.get(scope.day) ?? 0;
    const known = this.#incidents.get(scope.incident);
    return (scope.kind === 'role' ? known?.roles[scope.role]?.usdMicros : known?.usdMicros) ?? 0;
  }
  /** The highest percent that was noticed of a budget, 0 for none. */
  noticed(scope: SpendScope): number {
    return this.#noticed.get(scopeKey(scope)) ?? 0;
  }

  apply(entry: Entry): void {
    const fact = readFact(entry);
    const id = entry.incidentId;
    if (fact === undefined) return;
    if (fact.kind === 'incident.opened' || fact.kind === 'server.started') this.#forget(entry.ts);
    if (id === undefined) return;
    switch (fact.kind) {
      case 'spend.reserved':
        return this.#reserve(id, fact.body);
      case 'model.attempted':
        return this.#settle(id, fact.body);
      case 'spend.noticed':
        return this.#notice(id, fact.body);
      case 'incident.resolved':
      case 'incident.reopened':
        return this.#close(id, fact.kind === 'incident.resolved' ? entry.ts : null);
      default:
        return;
    }
  }

  #reserve(id: IncidentId, { role, day, usdMicros, limits }: BodyOf<'spend.reserved'>): void {
    const spend = this.#of(id);
    spend.limitUsdMicros = limits.incident;
    this.#add(id, { role, day, usdMicros });
  }

  #settle(id: IncidentId, body: BodyOf<'model.attempted'>): void {
    const { role, day, tokens, outcome, usdMicros, reservedUsdMicros } = body;
    this.#add(id, { role, day, usdMicros: usdMicros - reservedUsdMicros });
    const own = roleOf(this.#of(id), role);
    own.attempts += 1;
    if (outcome !== 'ok' && outcome !== 'recorded') own.failed += 1;
    if (tokens === null) return;
    own.inputTokens += tokens.input + tokens.cacheRead + tokens.cacheWrite;
    own.outputTokens += tokens.output;
  }

  #add(id: IncidentId, { role, day, usdMicros }: { role: string; day: string; usdMicros: number }): void {
    const spend = this.#of(id);
    spend.usdMicros += usdMicros;
    roleOf(spend, role).usdMicros += usdMicros;
    this.#days.set(day, (this.#days.get(day) ?? 0) + usdMicros);
    for (const oldest of this.#days.keys()) {
      if (this.#days.size <= DAYS) break;
      this.#days.delete(oldest);
      this.#noticed.delete(scopeKey({ kind: 'day', day: oldest }));
    }
  }

  #notice(incident: IncidentId, { scope, role, day, percent }: BodyOf<'spend.noticed'>): void {
    const key = scopeKey(scopeOf({ kind: scope, incident, role, day }));
    this.#noticed.set(key, Math.max(percent, this.#noticed.get(key) ?? 0));
  }

  #close(id: IncidentId, at: number | null): void {
    const spend = this.#incidents.get(id);
    if (spend !== undefined) spend.resolvedAt = at;
  }

  #of(id: IncidentId): IncidentSpend {
    const known = this.#incidents.get(id) ?? { usdMicros: 0, limitUsdMicros: 0, roles: {}, resolvedAt: null };
    this.#incidents.set(id, known);
    return known;
  }

  #forget(now: number): void {
    for (const [id, { resolvedAt, roles }] of this.#incidents) {
      if (resolvedAt === null || now - resolvedAt < REOPEN_MS) continue;
      this.#incidents.delete(id);
      this.#noticed.delete(scopeKey({ kind: 'incident', incident: id }));
      for (const role of Object.keys(roles))
        this.#noticed.delete(scopeKey({ kind: 'role', incident: id, role }));
    }
  }

  save(): unknown {
    return { incidents: [...this.#incidents], days: [...this.#days], noticed: [...this.#noticed] };
  }
  load(state: unknown): void {
    const saved = Saved.parse(state);
    this.#incidents = new Map(saved.incidents);
    this.#days = new Map(saved.days);
    this.#noticed = new Map(saved.noticed);
  }
  reset(): void {
    this.load({ incidents: [], days: [], noticed: [] });
  }
}

function roleOf(spend: IncidentSpend, role: string): RoleSpend {
  const known = spend.roles[role] ?? {
    attempts: 0,
    failed: 0,
    inputTokens: 0,
    outputTokens: 0,
    usdMicros: 0,
  };
  spend.roles[role] = known;
  return known;
}

/** A scope from the parts of a notice; a notice of a role names it. */
function scopeOf(parts: {
  kind: SpendScope['kind'];
  incident: IncidentId;
  role: string | null;
  day: string;
}): SpendScope {
  const { kind, incident, role, day } = parts;
  if (kind === 'day') return { kind, day };
  return kind === 'role' ? { kind, incident, role: role ?? '' } : { kind, incident };
}
