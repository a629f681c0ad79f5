import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { realRandom } from '#core/clock.ts';
import { FirebreakError } from '#core/errors.ts';
import { Secret } from '#core/secret.ts';
import { environmentSecret } from '#server/config.ts';
import vendors from '#server/vendors.json' with { type: 'json' };
import { startChild } from './shop/child.ts';

type Vendor = keyof typeof vendors;

/** Who is to play the agents: a vendor's model by its name, or (null) a mocked one that speaks the vendor's API. */
export type WishedModel = { readonly vendor: Vendor; readonly name: string | null; readonly key: Secret };

const MOCKED = 'mocked-model';
const START_MS = 10_000;
const STOP_MS = 2_000;

/**
 * Reads `--model`. A vendor alone is the mocked model, so that nothing is spent by accident; a vendor's model by name needs
 * the vendor's key in the environment. Throws `usage` for anything else.
 */
export function wishedModel(text: string): WishedModel {
  const [, found = '', name] = /^([a-z]+)(?:\/([A-Za-z0-9][A-Za-z0-9._:@-]{0,99}))?$/.exec(text) ?? [];
  const vendor = z.enum(['anthropic', 'openai']).safeParse(found);
  if (!vendor.success) {
    const message = `--model: "${text}" is not anthropic or openai, or one of their models such as anthropic/NAME`;
    throw new FirebreakError('usage', message);
  }
  const { env, key } = vendors[vendor.data];
  if (name === undefined) {
    const random = realRandom.bytes(16).toString('hex');
    return { vendor: vendor.data, name: null, key: new Secret(`${key}mocked-${random}`) };
  }
  const own = environmentSecret(env);
  if (own === null) {
    const fix = `set ${env}, or give --model ${vendor.data} for a mocked model`;
    throw new FirebreakError('usage', `--model ${text} needs a key: ${fix}`);
  }
  return { vendor: vendor.data, name, key: own };
}

/** Who answers, in words that nobody can misread. */
export function whoAnswers(wish: WishedModel | null): string {
  if (wish === null) return 'no AI model used: rules';
  return wish.name === null
    ? `a mocked model on this machine answers over the API of ${wish.vendor}; no AI model is used`
    : `${wish.vendor}/${wish.name} answers, with the key in ${vendors[wish.vendor].env}`;
}

/** The `models` part of the config, and how to end what answers there. */
export type ReadyModel = { readonly config: string; stop(): Promise<void> };

const Told = z.object({ url: z.string() });

/** Starts the mocked model as a process of its own where one is wished. The key goes into a file that only its owner reads. */
export async function readyModel(wish: WishedModel | null, dir: string): Promise<ReadyModel> {
  if (wish === null) return { config: '', stop: async () => {} };
  const file = join(dir, 'model.key');
  writeFileSync(file, `${wish.key.reveal()}\n`, { mode: 0o600 });
  chmodSync(file, 0o600);
  const { address, path } = vendors[wish.vendor];
  if (wish.name !== null) return { config: configOf(wish, { file, address }), stop: async () => {} };
  const told = Promise.withResolvers<string>();
  const child = startChild({
    entry: '../tests/fakes/llm-provider/main.ts',
    settings: {},
    onLine: (value) => told.resolve(Told.parse(value).url),
  });
  const failed = new FirebreakError('server_unreachable', 'the mocked model did not start');
  void child.exited.then(() => told.reject(failed));
  const timer = setTimeout(() => told.reject(failed), START_MS);
  try {
    const url = await told.promise;
    return { config: configOf(wish, { file, address: `${url}${path}` }), stop: () => child.close(STOP_MS) };
  } catch (error) {
    child.kill();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** A mocked model costs nothing, which must be written down. */
function configOf(
  { vendor, name }: WishedModel,
  { file, address }: { file: string; address: string },
): string {
  const prices = `\n  prices: [{provider: ${vendor}, model: ${MOCKED}, date: "2026-01-01", in: 0, out: 0}]`;
  return `models:
  providers:
    ${vendor}: {kind: ${vendor}, key: "file:${file}", base_url: "${address}"}
  roles: {default: ["${vendor}/${name ?? MOCKED}"]}${name === null ? prices : ''}
`;
}
