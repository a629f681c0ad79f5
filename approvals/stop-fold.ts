import { z } from 'zod';
import type { Fold } from '#audit/fold.ts';
import type { Entry } from '#audit/log.ts';
import { readFact } from '#incidents/entry.ts';

const Saved = z.object({
  frozen: z.boolean(),
  off: z.boolean(),
  by: z.string().nullable(),
  at: z.int().nullable(),
});

/** Change freeze and the off switch, folded from the log. */
export class StopFold implements Fold {
  readonly name = 'stops';
  readonly version = 1;
  frozen = false;
  off = false;
  by: string | null = null;
  at: number | null = null;

  apply(entry: Entry): void {
    if (entry.kind !== 'freeze.set' && entry.kind !== 'off.set') return;
    const fact = readFact(entry);
    if (fact?.kind === 'freeze.set') this.frozen = fact.body.on;
    else if (fact?.kind === 'off.set') this.off = fact.body.on;
    else return;
    this.by = fact.body.by;
    this.at = entry.ts;
  }
  save(): unknown {
    return { frozen: this.frozen, off: this.off, by: this.by, at: this.at };
  }
  load(state: unknown): void {
    Object.assign(this, Saved.parse(state));
  }
  reset(): void {
    this.load({ frozen: false, off: false, by: null, at: null });
  }
}
