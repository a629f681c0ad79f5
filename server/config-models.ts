import { z } from 'zod';
import type { Secret } from '#core/secret.ts';
import { AgentRole } from '#incidents/vocabulary.ts';
import { type SendPolicy, sendPolicies } from '#llm/outgoing.ts';
import { type PriceRow, priceOf, publishedPrices } from '#llm/prices.ts';
import { address, duration, id, secretRef } from './config-fields.ts';
import type { Budget } from './ledger.ts';
import { isLoopback } from './loopback.ts';

const modelAddress = address.refine(
  (text) => text.startsWith('https:') || isLoopback(URL.parse(text)?.hostname.replace(/^\[|\]$/g, '') ?? ''),
  'must begin with https, unless it is this machine',
);
/** The paths of Anthropic's API begin with /v1 themselves; those of OpenAI do not. */
const anthropicAddress = modelAddress.refine(
  (text) => !/\/v1\/*$/.test(text),
  'must not end in /v1: Anthropic has that in every path, so leave it out here',
);
const common = { base_url: modelAddress, timeout: duration(1000).default(60_000) };
const api = z.enum(['responses', 'chat']);

const provider = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('anthropic'), key: secretRef, ...common, base_url: anthropicAddress }),
  z.strictObject({ kind: z.literal('openai'), key: secretRef, api: api.default('responses'), ...common }),
  z.strictObject({
    kind: z.literal('openai_compatible'),
    key: secretRef.exactOptional(),
    api: api.default('chat'),
    ...common,
  }),
]);

const modelName = /^[A-Za-z0-9][A-Za-z0-9._:/@-]{0,99}$/;
const candidates = z
  .array(
    z
      .string()
      .regex(/^[a-z][a-z0-9_-]{0,39}\/[A-Za-z0-9][A-Za-z0-9._:/@-]{0,99}$/, 'is not written PROVIDER/MODEL'),
  )
  .min(1)
  .max(8);

/** Dollars -> millionths. */
const usd = z
  .number()
  .min(0)
  .max(10_000)
  .transform((dollars) => Math.round(dollars * 1_000_000));

const price = z.strictObject({
  provider: id,
  model: z.string().regex(modelName, 'is not a name of a model'),
  date: z.iso.date('is not a date such as 2026-11-01'),
  in: usd,
  out: usd,
  cache_read: usd.exactOptional(),
  cache_write: usd.exactOptional(),
});

const perRole = <T extends z.ZodType>(of: T) =>
  z.strictObject({
    coordinator: of.exactOptional(),
    monitor: of.exactOptional(),
    diagnosis: of.exactOptional(),
    remediation: of.exactOptional(),
  });

/** Which AI models may play which agent, and what they may cost; prices are in dollars per million tokens. */
export const ModelsFile = z.strictObject({
  providers: z.record(id, provider),
  roles: perRole(candidates).extend({ default: candidates.exactOptional() }),
  max_output_tokens: z.int().min(256).max(64_000).default(4096),
  budget: z
    .strictObject({
      incident: usd.prefault(1),
      day: usd.prefault(20),
      roles: perRole(usd).prefault({}),
    })
    .prefault({}),
  prices: z.array(price).max(200).default([]),
  send_to_model: z.record(id, z.enum(sendPolicies)).default({}),
});
export type ModelsFile = z.infer<typeof ModelsFile>;

export type ProviderSettings = {
  readonly name: string;
  readonly baseUrl: string;
  readonly timeoutMs: number;
} & (
  | { readonly kind: 'anthropic'; readonly key: Secret }
  | {
      readonly kind: 'openai' | 'openai_compatible';
      readonly key: Secret | null;
      readonly api: 'responses' | 'chat';
    }
);

export type Candidate = { readonly provider: string; readonly model: string };

export type ModelSettings = {
  readonly providers: readonly ProviderSettings[];
  /** Best first. A role that is not in it is played by the rules. */
  readonly roles: ReadonlyMap<string, readonly Candidate[]>;
  readonly maxOutputTokens: number;
  readonly budget: Budget;
  /** Rows of the config, then the published ones, all under the provider's name in the config. */
  readonly prices: readonly PriceRow[];
  /** By the id of a telemetry source or workload, or one of `logs`, `probes`, `runbooks`. */
  readonly send: ReadonlyMap<string, SendPolicy>;
};

/** The settings of a file that was checked; `secretOf` has every key that the file names. */
export function buildModels(file: ModelsFile, secretOf: (ref: string) => Secret): ModelSettings {
  const fallback = file.roles.default;
  const roles = AgentRole.options.flatMap((role): [string, readonly Candidate[]][] => {
    const names = file.roles[role] ?? fallback;
    return names === undefined ? [] : [[role, names.map(candidateOf)]];
  });
  const { incident, day, roles: limits } = file.budget;
  return {
    providers: Object.entries(file.providers).map(([name, one]) => buildProvider(name, one, secretOf)),
    roles: new Map(roles),
    maxOutputTokens: file.max_output_tokens,
    budget: { incident, day, roles: new Map(Object.entries(limits)) },
    prices: pricesOf(file),
    send: new Map(Object.entries(file.send_to_model)),
  };
}

function buildProvider(
  name: string,
  one: ModelsFile['providers'][string],
  secretOf: (ref: string) => Secret,
): ProviderSettings {
  const where = { name, baseUrl: one.base_url, timeoutMs: one.timeout };
  if (one.kind === 'anthropic') return { ...where, kind: one.kind, key: secretOf(one.key) };
  const key = one.key === undefined ? null : secretOf(one.key);
  return { ...where, kind: one.kind, api: one.api, key };
}

/** `anthropic/claude-x` -> its parts; a model's own name may hold slashes. */
export function candidateOf(name: string): Candidate {
  const at = name.indexOf('/');
  return { provider: name.slice(0, at), model: name.slice(at + 1) };
}

/** What writing to the cache costs where the config does not say it, in prices of input: Anthropic takes more. */
const WRITE_SHARE = { anthropic: 1.25, openai: 1, openai_compatible: 1 } as const;

/** A row of the config wins over a published one of the same day, and a provider that only speaks like a vendor has none. */
function pricesOf({ providers, prices }: ModelsFile): PriceRow[] {
  const own = prices.map(({ cache_read, cache_write, ...row }) => ({
    ...row,
    cacheRead: cache_read ?? row.in,
    cacheWrite: cache_write ?? Math.ceil(row.in * WRITE_SHARE[providers[row.provider]?.kind ?? 'openai']),
  }));
  const published = Object.entries(providers).flatMap(([name, { kind }]) =>
    publishedPrices.filter((row) => row.provider === kind).map((row) => ({ ...row, provider: name })),
  );
  const isOverridden = (row: PriceRow): boolean =>
    own.some((mine) => mine.provider === row.provider && mine.model === row.model);
  return [...own, ...published.filter((row) => !isOverridden(row))];
}

/** The price that holds for a candidate on a day. */
export function candidatePrice(
  settings: Pick<ModelSettings, 'prices'>,
  { provider, model }: Candidate,
  day: string,
): PriceRow | undefined {
  return priceOf(settings.prices, { provider, model, day });
}
