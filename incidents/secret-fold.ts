import { z } from 'zod';
import type { Fold } from '#audit/fold.ts';
import type { Entry } from '#audit/log.ts';
import { readFact } from './entry.ts';

const Age = z.object({ name: z.string(), fingerprint: z.string().nullable(), since: z.int() });
/** Since when, in ms, a credential has had the value that it has. */
export type SecretAge = z.infer<typeof Age>;

/** A config names far fewer; of more, those that changed last are kept. */
const MOST = 500;

/** How old the value of each credential is, folded from the log. */
export class SecretFold implements Fold {
  readonly name = 'secrets';
  readonly version = 1;
  #ages = new Map<string, SecretAge>();

  /** Undefined: it was never seen. */
  get(name: string): SecretAge | undefined {
    return this.#ages.get(name);
  }
  all(): readonly SecretAge[] {
    return [...this.#ages.values()];
  }

  apply(entry: Entry): void {
    if (entry.kind !== 'secret.resolved') return;
    const fact = readFact(entry);
    if (fact?.kind !== 'secret.resolved') return;
    const { name, fingerprint } = fact.body;
    this.#ages.delete(name);
    this.#ages.set(name, { name, fingerprint, since: entry.ts });
    for (const oldest of this.#ages.keys()) {
      if (this.#ages.size <= MOST) break;
      this.#ages.delete(oldest);
    }
  }
  save(): unknown {
    return this.all();
  }
  load(state: unknown): void {
    this.#ages = new Map(
      z
        .array(Age)
        .parse(state)
        .map((age) => [age.name, age]),
    );
  }
  reset(): void {
    this.#ages.clear();
  }
}
