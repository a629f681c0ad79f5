import { type Right, rights } from '#approvals/rights.ts';
import { realRandom } from '#core/clock.ts';
import { FirebreakError } from '#core/errors.ts';
import { PersonId } from '#core/ids.ts';
import { DAY_MS } from '#core/zoned-time.ts';
import type { Common, Context, Outcome } from '../context.ts';

export type TokenFlags = Common & {
  readonly person: string;
  /** `90d` */
  readonly expires?: string;
  /** `read,note` */
  readonly scopes?: string;
};

/** Makes a personal token and shows it once, with the lines that let the server know it. Writes nothing. */
export async function newToken(
  { person, expires, scopes }: TokenFlags,
  { clock }: Context,
): Promise<Outcome> {
  const { mintToken } = await import('#server/init.ts');
  const id = PersonId.safeParse(person);
  if (!id.success) throw new FirebreakError('usage', '--person: give the id of the config, like alice');
  const until = expires === undefined ? null : lastDay(expires, clock.now());
  const able = scopes === undefined ? null : scopesOf(scopes);
  const { token, hash } = mintToken(realRandom);
  const item = [
    `hash: "sha256:${hash}"`,
    ...(until === null ? [] : [`expires: ${until}`]),
    ...(able === null ? [] : [`scopes: [${able.join(', ')}]`]),
  ].join(', ');
  return {
    lines: [
      `a personal token of ${id.data}, shown only now:  ${token}`,
      'keep it in ~/.config/firebreak/token (chmod 600) or in FIREBREAK_TOKEN',
      '',
      `so that the server knows it, put this into firebreak.yaml beside id: ${id.data}, and start the server again:`,
      '    token:',
      `      - {${item}}`,
      'to change one token for another, leave the old one in the list until nobody uses it any more',
    ],
    json: { person: id.data, token, hash: `sha256:${hash}`, expires: until, scopes: able },
  };
}

/** The last day on which it counts, so many days from now, UTC. */
function lastDay(text: string, now: number): string {
  const days = /^([1-9]\d{0,3})d$/.exec(text)?.[1];
  if (days === undefined)
    throw new FirebreakError('usage', '--expires: give a number of days from 1d to 9999d, like 90d');
  return new Date(now + Number(days) * DAY_MS).toISOString().slice(0, 10);
}

function scopesOf(text: string): readonly Right[] {
  const wanted = [...new Set(text.split(',').map((word) => word.trim()))];
  const known = wanted.flatMap((word) => rights.find((right) => right === word) ?? []);
  if (known.length === wanted.length) return known;
  throw new FirebreakError('usage', `--scopes: choose among ${rights.join(', ')}, with commas between them`);
}
