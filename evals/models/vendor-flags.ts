import { mkdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Clock } from '#core/clock.ts';
import { FirebreakError } from '#core/errors.ts';
import { environmentSecret } from '#server/config.ts';
import vendors from '#server/vendors.json' with { type: 'json' };
import { openVendor, type Vendor, wishOf } from './vendor.ts';

/** What the command line says about real models. */
export type VendorFlags = {
  readonly live?: boolean;
  readonly record?: boolean;
  readonly cassette?: string;
};

/** A vendor's model: asked for real only with `--live` and its key, else out of a cassette. Throws `usage`. */
export async function vendorFor(
  model: string,
  { live, record, cassette }: VendorFlags,
  { cwd, clock }: { readonly cwd: string; readonly clock: Clock },
): Promise<Vendor | null> {
  const wish = wishOf(model);
  if (wish === null) {
    if (live !== true && record !== true && cassette === undefined) return null;
    const message = '--live, --record and --cassette need --model anthropic/NAME or openai/NAME';
    throw new FirebreakError('usage', message);
  }
  const file = resolve(cwd, cassette ?? `results/${wish.vendor}-${wish.name}.cassette.jsonl`);
  if (live !== true) {
    if (record === true)
      throw new FirebreakError('usage', '--record needs --live: it writes what a real model says');
    return openVendor(wish, { kind: 'cassette', file }, clock);
  }
  const { env, address: baseUrl } = vendors[wish.vendor];
  const key = environmentSecret(env);
  if (key === null) throw new FirebreakError('usage', `--live asks ${model}, which needs a key: set ${env}`);
  if (record === true) await mkdir(dirname(file), { recursive: true });
  return openVendor(wish, { kind: 'live', baseUrl, key, record: record === true ? file : null }, clock);
}
