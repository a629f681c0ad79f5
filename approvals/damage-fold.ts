import { z } from 'zod';
import type { Fold } from '#audit/fold.ts';
import type { Entry } from '#audit/log.ts';
import { Damage } from '#audit/set-aside.ts';
import { taggedHash } from '#core/hash.ts';
import type { Digest } from '#core/ids.ts';
import { readFact } from '#incidents/entry.ts';

const Saved = z.object({ damage: Damage.nullable() });

/** What stands between changes and this log: an earlier log that was tampered with, until an owner accepts that. */
export class DamageFold implements Fold {
  readonly name = 'damage';
  readonly version = 1;
  /** Null when there was none, or an owner accepted it. */
  damage: Damage | null = null;

  apply(entry: Entry): void {
    if (entry.kind !== 'log.opened' && entry.kind !== 'log.accepted') return;
    const fact = readFact(entry);
    if (fact?.kind === 'log.opened') this.damage = fact.body.replaces ?? null;
    else if (
      fact?.kind === 'log.accepted' &&
      this.damage !== null &&
      damageDigest(this.damage) === fact.body.old
    )
      this.damage = null;
  }
  save(): unknown {
    return { damage: this.damage };
  }
  load(state: unknown): void {
    this.damage = Saved.parse(state).damage;
  }
  reset(): void {
    this.damage = null;
  }
}

/** What an owner accepts it by: exactly this damage and no other. */
export function damageDigest(damage: Damage): Digest {
  return taggedHash('firebreak/damage/v1', damage);
}
