import { z } from 'zod';
import type { Fold } from '#audit/fold.ts';
import type { Entry, EntryDraft } from '#audit/log.ts';
import { type BodyOf, fact, readFact, SYSTEM } from '#incidents/entry.ts';
import {
  type PersonStanding,
  type ServiceStanding,
  type Standing,
  standingDigest,
} from './policy-standing.ts';

type Body = BodyOf<'policy.accepted'>;
type Part = Pick<Body, 'services' | 'people'>;

const Saved = z.object({
  accepted: z.custom<Standing>().nullable(),
  reading: z.array(z.custom<Part>()),
});
/** What one entry may hold of it, in bytes; well below the limit of an entry. */
const PART_BYTES = 10_000;

/** What was accepted last: who may change what. */
export class PolicyFold implements Fold {
  readonly name = 'policy';
  readonly version = 1;
  /** Null while the log holds none. */
  accepted: Standing | null = null;
  #reading: Part[] = [];

  apply(entry: Entry): void {
    if (entry.kind !== 'policy.accepted') return;
    const read = readFact(entry);
    if (read?.kind !== 'policy.accepted') return;
    const { part, parts, services, people, standing } = read.body;
    if (part === 0) this.#reading = [];
    this.#reading.push({ services, people });
    if (part !== parts - 1) return;
    const whole = join(this.#reading);
    this.#reading = [];
    // A part is missing: what was accepted before stays.
    if (standingDigest(whole) === standing) this.accepted = whole;
  }

  save(): unknown {
    return { accepted: this.accepted, reading: this.#reading };
  }

  load(state: unknown): void {
    const { accepted, reading } = Saved.parse(state);
    this.accepted = accepted;
    this.#reading = reading;
  }

  reset(): void {
    this.load({ accepted: null, reading: [] });
  }
}

function join(parts: readonly Part[]): Standing {
  return {
    services: parts.flatMap(({ services }) => services),
    people: parts.flatMap(({ people }) => people),
  };
}

/** The entries that accept a standing: append them in one go. */
export function acceptDrafts(
  standing: Standing,
  { by, why }: Pick<Body, 'by' | 'why'>,
  trace = 'policy',
): EntryDraft[] {
  const parts = split(standing);
  const digest = standingDigest(standing);
  const actor = by === null ? SYSTEM : ({ kind: 'person', id: by } as const);
  return parts.map((part, at) =>
    fact(
      'policy.accepted',
      { by, why, standing: digest, part: at, parts: parts.length, ...part },
      { actor, traceId: trace },
    ),
  );
}

function split({ services, people }: Standing): Part[] {
  const parts: Part[] = [{ services: [], people: [] }];
  let bytes = 0;
  const room = (one: ServiceStanding | PersonStanding): Part => {
    const size = Buffer.byteLength(JSON.stringify(one));
    if (bytes > 0 && bytes + size > PART_BYTES) {
      parts.push({ services: [], people: [] });
      bytes = 0;
    }
    bytes += size;
    return parts.at(-1) ?? { services: [], people: [] };
  };
  for (const one of services)
    room(one).services.push({ ...one, act: [...one.act], propose: [...one.propose] });
  for (const one of people) room(one).people.push({ ...one, teams: [...one.teams] });
  return parts;
}
