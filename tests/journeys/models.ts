import { realRandom } from '#core/clock.ts';
import { Secret } from '#core/secret.ts';
import { createAnthropic } from '#llm/anthropic.ts';
import { createOpenai } from '#llm/openai.ts';
import { createOutgoing } from '#llm/outgoing.ts';
import type { PriceRow } from '#llm/prices.ts';
import type { Provider } from '#llm/provider.ts';
import { routedModel } from '#llm/router.ts';
import { createTransport, type Transport } from '#llm/transport.ts';
import { createLedger } from '#server/ledger.ts';
import { readingBrain } from '../fakes/llm-provider/brain/reader.ts';
import type { FaultPlan } from '../fakes/llm-provider/faults.ts';
import {
  type FakeProvider,
  type FakeProviderOptions,
  startFakeProvider,
} from '../fakes/llm-provider/provider.ts';
import { type InProcess, inProcess, type ModelParts } from './in-process.ts';

export type Api = 'anthropic' | 'responses' | 'chat';
export const KEY = 'sk-ant-0123456789abcdef-journey';

export type ModelsOptions = {
  /** Providers in the order in which they are asked. */
  readonly providers: readonly {
    readonly api: Api;
    readonly faults?: FaultPlan;
    readonly brain?: FakeProviderOptions['brain'];
  }[];
  /** Of an incident, in millionths of a dollar. */
  readonly budget?: number;
  readonly seed?: number;
};
/** The product in one process with models on a real wire: our adapters and router, and fake vendors on loopback. */
export type WithModels = {
  readonly run: InProcess;
  readonly fakes: readonly FakeProvider[];
  close(): Promise<void>;
};

export const PRICE: Omit<PriceRow, 'provider' | 'model'> = {
  date: '2026-01-01',
  in: 3_000_000,
  cacheRead: 300_000,
  cacheWrite: 3_750_000,
  out: 15_000_000,
};

/** Starts it; whoever does must call `close`. */
export async function withModels(options: ModelsOptions): Promise<WithModels> {
  const { seed = 1 } = options;
  const fakes = await Promise.all(
    options.providers.map(({ faults, brain }, at) =>
      startFakeProvider({
        seed: seed + at,
        key: KEY,
        brain: brain ?? readingBrain,
        faults: faults ?? { kind: 'none' },
      }),
    ),
  );
  const transport = createTransport({ to: fakes.map(({ url }) => url) });
  const counter = createCounter();
  const providers = fakes.map((fake, at) =>
    counter.counted(
      adapterOf(options.providers[at]?.api ?? 'anthropic', { fake, transport, name: `p${at + 1}` }),
    ),
  );
  const model = (parts: ModelParts) => modelOf(parts, providers, options.budget ?? 5_000_000);
  const run = await inProcess({ model, seed, settled: counter.settled });
  const close = async () => {
    await run.firebreak.close();
    await transport.close();
    await Promise.all(fakes.map((fake) => fake.close()));
  };
  return { run, fakes, close };
}

type Place = { fake: FakeProvider; transport: Transport; name: string };

function adapterOf(api: Api, { fake, transport, name }: Place): Provider {
  const common = { name, apiKey: new Secret(KEY), transport, timeoutMs: 10_000 };
  return api === 'anthropic'
    ? createAnthropic({ ...common, baseUrl: fake.url })
    : createOpenai({ ...common, kind: 'openai', api, baseUrl: `${fake.url}/v1` });
}

function modelOf({ clock, log, folds, rules }: ModelParts, providers: readonly Provider[], incident: number) {
  const budget = { incident, day: 1_000_000_000, roles: new Map() };
  return routedModel({
    routes: () =>
      providers.map((provider) => ({
        provider,
        model: 'fake-model',
        price: { ...PRICE, provider: provider.name, model: 'fake-model' },
        maxOutputTokens: 4000,
      })),
    rules,
    ledger: createLedger({ log, fold: folds.spend, clock, random: realRandom, budget }),
    clock,
    random: realRandom,
    outgoing: createOutgoing({ policyOf: () => 'redacted', secrets: [] }),
    onError: (error) => {
      throw error;
    },
  });
}

/** Time stands still while an attempt is on the wire: what is asked there takes real milliseconds. */
function createCounter() {
  const open = new Set<Promise<unknown>>();
  return {
    counted: (provider: Provider): Provider => ({
      ...provider,
      attempt: async (request, signal) => {
        const attempt = provider.attempt(request, signal);
        open.add(attempt);
        try {
          return await attempt;
        } finally {
          open.delete(attempt);
        }
      },
    }),
    settled: async () => {
      while (open.size > 0) await Promise.all([...open]);
    },
  };
}
