import type { Log } from '#audit/log.ts';
import type { Clock, Random } from '#core/clock.ts';
import { FirebreakError } from '#core/errors.ts';
import type { Secret } from '#core/secret.ts';
import type { Inventory } from '#incidents/inventory.ts';
import type { SpendFold } from '#incidents/spend-fold.ts';
import type { Model } from '#llm/model.ts';
import { createOutgoing, type SendPolicy } from '#llm/outgoing.ts';
import type { Provider } from '#llm/provider.ts';
import type { Route } from '#llm/route.ts';
import { routedModel } from '#llm/router.ts';
import type { Transport } from '#llm/transport.ts';
import {
  type Candidate,
  candidatePrice,
  type ModelSettings,
  type ProviderSettings,
} from './config-models.ts';
import { createLedger } from './ledger.ts';
import { sendPolicyOf } from './send-policy.ts';

export type ModelDeps = {
  /** Null: the rules play every agent, and nothing of a provider is loaded. */
  readonly settings: ModelSettings | null;
  readonly rules: Model;
  readonly inventory: Inventory;
  /** What of the answers of mounted tools leaves, by the name of the tool; left out = there are none. */
  readonly mounted?: ReadonlyMap<string, SendPolicy>;
  /** Every credential of the config. */
  readonly secrets: readonly Secret[];
  readonly log: Log;
  readonly fold: SpendFold;
  readonly clock: Clock;
  readonly random: Random;
  readonly onError: (error: unknown) => void;
};

/** The model that the agents ask; `close` ends its connections. */
export type RunningModel = { readonly model: Model; close(): Promise<void> };

/**
 * Makes the model that the config describes. Nobody is asked yet: a provider that is down or refuses the key shows when
 * an agent first asks. Throws `config_invalid` for a candidate that has no price today, an address or a key that cannot
 * be used.
 */
export async function createModel(deps: ModelDeps): Promise<RunningModel> {
  const { settings, rules, inventory, secrets, log, fold, clock, random, onError } = deps;
  if (settings === null) return { model: rules, close: async () => {} };
  const { createTransport } = await import('#llm/transport.ts');
  const transport = createTransport({ to: settings.providers.map(({ baseUrl }) => baseUrl) });
  try {
    const routes = routesOf(settings, await providersOf(settings, transport), clock.now());
    const model = routedModel({
      routes: (role) => routes.get(role) ?? [],
      rules,
      ledger: createLedger({ log, fold, clock, random, budget: settings.budget }),
      clock,
      random,
      outgoing: createOutgoing({ policyOf: sendPolicyOf(settings.send, inventory, deps.mounted), secrets }),
      onError,
    });
    return { model, close: () => transport.close() };
  } catch (error) {
    await transport.close();
    throw error;
  }
}

type Providers = ReadonlyMap<string, Provider>;

async function providersOf({ providers }: ModelSettings, transport: Transport): Promise<Providers> {
  const made = await Promise.all(providers.map((one) => providerOf(one, transport)));
  return new Map(made.map((provider) => [provider.name, provider]));
}

/** Each vendor's client takes long to load, so only what is configured is. */
async function providerOf(settings: ProviderSettings, transport: Transport): Promise<Provider> {
  const { name, baseUrl, timeoutMs } = settings;
  const where = { name, baseUrl, timeoutMs, transport };
  if (settings.kind === 'anthropic') {
    const { createAnthropic } = await import('#llm/anthropic.ts');
    return createAnthropic({ ...where, apiKey: settings.key });
  }
  const { createOpenai } = await import('#llm/openai.ts');
  return createOpenai({ ...where, apiKey: settings.key, kind: settings.kind, api: settings.api });
}

function routesOf(
  settings: ModelSettings,
  providers: Providers,
  now: number,
): ReadonlyMap<string, readonly Route[]> {
  const day = new Date(now).toISOString().slice(0, 10);
  const routeOf = (candidate: Candidate): Route => {
    const provider = providers.get(candidate.provider);
    const price = candidatePrice(settings, candidate, day);
    const name = `${candidate.provider}/${candidate.model}`;
    if (provider === undefined)
      throw new FirebreakError('bug', `${name} was routed to before the config was checked`);
    if (price === undefined)
      throw new FirebreakError(
        'config_invalid',
        `models.prices has no price for ${name} that holds on ${day}; its dates are all later`,
      );
    return { provider, model: candidate.model, price, maxOutputTokens: settings.maxOutputTokens };
  };
  return new Map([...settings.roles].map(([role, names]) => [role, names.map(routeOf)]));
}
