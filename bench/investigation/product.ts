import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rulesModel } from '#agents/rules/model.ts';
import { agentSpecs } from '#agents/spec.ts';
import { createPermitSigner } from '#approvals/permit.ts';
import { openFileLog } from '#audit/file-log.ts';
import type { Log } from '#audit/log.ts';
import { openMemoryLog } from '#audit/memory-log.ts';
import { realClock, realRandom } from '#core/clock.ts';
import { sha256 } from '#core/hash.ts';
import { ServiceId } from '#core/ids.ts';
import { Secret } from '#core/secret.ts';
import { type Fact, readFact } from '#incidents/entry.ts';
import type { Inventory } from '#incidents/inventory.ts';
import type { Model } from '#llm/model.ts';
import { createOpenai } from '#llm/openai.ts';
import { createOutgoing } from '#llm/outgoing.ts';
import { routedModel } from '#llm/router.ts';
import { createTransport } from '#llm/transport.ts';
import { loadPrompts } from '#prompts/load.ts';
import { inProcessExecutor } from '#server/executor/in-process.ts';
import { createFolds, type Folds, foldList } from '#server/folds.ts';
import { createLedger } from '#server/ledger.ts';
import { wire } from '#server/wire.ts';
import { FakeClock } from '#tests/fakes/fake-clock.ts';
import { createFakeWorld } from '#tests/fakes/fake-world.ts';
import { inProcessModel } from './in-process-model.ts';
import { logLines } from './log-lines.ts';
import { WORK } from './script.ts';

/** What may be left out, to see what it costs. */
export type ProductOptions = {
  /** Services, and so investigations at once. */
  readonly services: number;
  readonly log: 'file' | 'memory';
  readonly model: 'routed' | 'in-process';
};

export type Counts = {
  modelCalls: number;
  toolCalls: number;
  spawns: number;
  errors: number;
};
export type Product = {
  /** Pages one service; resolves when its coordinator has nothing more to do. */
  investigate(service: string): Promise<void>;
  counts(): Counts;
  close(): Promise<void>;
};

const PRICE = {
  provider: 'bench',
  model: 'bench',
  date: '2026-01-01',
  in: 1,
  cacheRead: 1,
  cacheWrite: 1,
  out: 1,
};
const BUDGET = { incident: 1e9, day: 1e12, roles: new Map() };

/** The whole product over a real log, asking a model over the network as `firebreak serve` does. */
export async function openProduct(url: string, options: ProductOptions): Promise<Product> {
  const dir = mkdtempSync(join(tmpdir(), 'firebreak-bench-'));
  const folds = createFolds();
  const base = { clock: realClock, random: realRandom, folds: foldList(folds) };
  const log =
    options.log === 'file'
      ? await openFileLog({ ...base, dir: join(dir, 'data') })
      : await openMemoryLog(base);
  const { inventory, world } = ground(options.services);
  const transport = createTransport({ to: [url], connections: 2048 });
  const ended = new Map<string, () => void>();
  const counts: Counts = { modelCalls: 0, toolCalls: 0, spawns: 0, errors: 0 };
  const model =
    options.model === 'routed' ? routed({ url, transport, inventory, log, folds }) : inProcessModel();
  const specs = agentSpecs(await loadPrompts(), inventory);
  const signer = createPermitSigner(realRandom);
  const [boot, clock] = ['boot-bench', realClock] as const;
  const firebreak = wire({
    settings: settingsOf(inventory),
    ...{ log, folds, clock, random: realRandom, boot, world, signer, runbooks: [], model },
    execute: inProcessExecutor({ tools: [], world, inventory, clock, boot, publicKey: signer.publicKey }),
    specs: {
      ...specs,
      monitor: { ...specs.monitor, allowlist: [...specs.monitor.allowlist, 'logs_search'] },
    },
    flags: () => ({
      off: false,
      frozen: false,
      unverified: false,
      clockJumped: false,
      unreadLog: false,
      tampered: false,
    }),
    onError: () => {
      counts.errors += 1;
    },
  });
  watch(log, counts, (incident) => ended.get(incident)?.());
  return {
    investigate: async (service) => {
      const done = Promise.withResolvers<void>();
      const accepted = await firebreak.deliver(aPage(service));
      const [incident] = accepted.kind === 'accepted' ? accepted.incidents : [];
      if (incident === undefined) throw new Error('the page was not taken');
      ended.set(incident, done.resolve);
      await done.promise;
      ended.delete(incident);
    },
    counts: () => ({ ...counts }),
    close: async () => {
      await firebreak.idle();
      await firebreak.close();
      await transport.close();
      if ('close' in log) await log.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

type Routed = {
  url: string;
  transport: ReturnType<typeof createTransport>;
  inventory: Inventory;
  log: Log;
  folds: Folds;
};

function routed({ url, transport, inventory, log, folds }: Routed): Model {
  const apiKey = new Secret('sk-bench');
  const provider = createOpenai({
    kind: 'openai',
    name: 'bench',
    apiKey,
    baseUrl: `${url}/v1`,
    api: 'responses',
    transport,
    timeoutMs: 60_000,
  });
  const route = { provider, model: 'bench', price: PRICE, maxOutputTokens: 2000 };
  const [clock, random] = [realClock, realRandom];
  return routedModel({
    routes: () => [route],
    rules: rulesModel(inventory),
    ledger: createLedger({ log, fold: folds.spend, clock, random, budget: BUDGET }),
    ...{ clock, random },
    outgoing: createOutgoing({ policyOf: () => 'redacted', secrets: [] }),
    onError: () => {},
  });
}

/** Counts what the log says, and tells of each coordinator that is done: no fourth child is owed to it. */
function watch(log: Log, counts: Counts, done: (incident: string) => void): void {
  const runs = new Map<string, number>();
  const settled = (
    incident: string,
    { role, outcome }: Extract<Fact, { kind: 'run.settled' }>['body'],
  ): void => {
    if (outcome !== 'reported' && outcome !== 'yielded') counts.errors += 1;
    if (role !== 'coordinator') return;
    const ended = (runs.get(incident) ?? 0) + 1;
    runs.set(incident, ended);
    if (ended === WORK.spawns + 1) done(incident);
  };
  const see = (incident: string, fact: Fact): void => {
    switch (fact.kind) {
      case 'turn.replied':
        counts.modelCalls += 1;
        return;
      case 'tool.intended':
        counts.toolCalls += fact.body.tool === 'logs_search' ? 1 : 0;
        return;
      case 'session.spawned':
        counts.spawns += fact.body.role === 'coordinator' ? 0 : 1;
        return;
      case 'run.settled':
        settled(incident, fact.body);
    }
  };
  log.subscribe((entries) => {
    for (const entry of entries) {
      const fact = readFact(entry);
      if (fact) see(entry.incidentId ?? '', fact);
    }
  });
}

/** As many services as there are investigations, so that no two pages are one incident. */
function ground(services: number) {
  const shop = createFakeWorld({ clock: new FakeClock(), seed: 1, mode: 'propose' });
  const model = shop.inventory.services.get(ServiceId.parse('checkout'));
  if (model === undefined) throw new Error('no service to copy');
  const ids = Array.from({ length: services }, (_, i) => ServiceId.parse(`svc-${i}`));
  const inventory: Inventory = {
    ...shop.inventory,
    services: new Map(ids.map((id) => [id, { ...model, id, dependsOn: [] }])),
  };
  const search = async () => ({
    kind: 'seen' as const,
    value: { lines: logLines, total: logLines.length, truncated: false },
  });
  return { inventory, world: { ...shop.world, logs: { search } } };
}

function settingsOf(inventory: Inventory): Parameters<typeof wire>[0]['settings'] {
  return {
    environment: 'demo',
    defaultOwner: 'team-shop',
    inventory,
    policy: { version: sha256('policy'), rules: [], caps: 'all' },
    people: new Map(),
    limits: { changes: 5 },
    timing: { approvalMs: 900_000, verify: { samples: 5, everyMs: 1000, windowMs: 60_000 } },
  };
}

let pages = 0;
function aPage(service: string) {
  pages += 1;
  const now = realClock.now();
  const about = {
    source: 'alertmanager',
    name: 'HighErrorRate',
    severity: 'critical',
    environment: 'demo',
  } as const;
  const fingerprint = sha256(`${service} ${pages}`);
  const alert = {
    ...about,
    status: 'firing' as const,
    fingerprint,
    service,
    startsAt: now,
    summary: 'a page of a measurement',
  };
  return {
    source: 'alertmanager',
    via: 'webhook' as const,
    key: sha256(`page ${pages}`),
    alerts: [alert],
    skipped: 0,
    bytes: 1,
    receivedAt: now,
  };
}
