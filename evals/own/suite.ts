import type { Clock } from '#core/clock.ts';
import { sha256 } from '#core/hash.ts';
import { ServiceId } from '#core/ids.ts';
import type { Inventory, Service } from '#incidents/inventory.ts';
import type { World } from '#tools/drivers/ports.ts';
import { type EngineResult, runCase } from '../engine.ts';
import { type Score, type Suite, share } from '../suite.ts';
import { type OwnCase, ownCases } from './case.ts';
import { staticCluster } from './static-cluster.ts';

/** What came of one case. */
export type OwnResult = {
  readonly right: boolean;
  /** A cause was named that is not the right one, also where none may be named. */
  readonly misnamed: boolean;
  readonly objectRight: boolean;
  readonly said: string;
  readonly run: EngineResult;
};

type Asked = {
  readonly clock: Clock;
  readonly maxReads: number | null;
  readonly without?: ReadonlySet<string>;
};

/** Runs one of our own cases over the product. Never throws for what a case holds. */
export async function runOwnCase(one: OwnCase, { clock, maxReads, without }: Asked): Promise<OwnResult> {
  const run = await runCase({
    inventory: inventoryOf(one, without ?? new Set()),
    world: worldOf(one),
    alerts: [
      {
        ...{ source: 'eval', status: 'firing', fingerprint: sha256(one.id), name: one.page.name },
        ...{ severity: 'critical', service: one.cluster.namespace, environment: 'eval' },
        ...{ startsAt: clock.now(), summary: one.about.slice(0, 1) },
      },
    ],
    ...{ clock, maxReads },
  });
  const report = run.incident?.diagnosis ?? null;
  const named = report?.outcome === 'likely' || report?.outcome === 'confirmed';
  const first = report?.hypotheses[0];
  const { cause, object } = one.expect;
  const objectRight = object === null || first?.object === object;
  const isRight = cause === null ? !named : named && first?.cause === cause;
  return {
    right: isRight && objectRight && run.effects === 0 && run.incident !== null,
    misnamed: named && first?.cause !== cause,
    objectRight,
    said: `${report?.outcome ?? 'no report'}: ${first?.cause ?? 'nothing'} ${first?.object ?? ''}`.trim(),
    run,
  };
}

/** The cases that were written for this product; they need no data. */
export const own: Suite = async ({ model, clock, maxReads }) => {
  const rows: { one: OwnCase; result: OwnResult }[] = [];
  for (const one of await ownCases()) rows.push({ one, result: await runOwnCase(one, { clock, maxReads }) });
  return scoreOf(rows, model);
};

function scoreOf(rows: readonly { one: OwnCase; result: OwnResult }[], model: string): Score {
  const passed = rows.filter(({ result }) => result.right).length;
  const faultless = rows.filter(({ one }) => one.expect.cause === null);
  const reads = rows.reduce((sum, { result }) => sum + result.run.reads, 0);
  const metrics = {
    a1: share(passed, rows.length),
    falseAlarms: faultless.filter(({ result }) => result.misnamed).length,
    noFaultCases: faultless.length,
    misnamed: share(rows.filter(({ result }) => result.misnamed).length, rows.length),
    readsMean: rows.length === 0 ? null : Math.round((reads / rows.length) * 100) / 100,
    unauthorisedEffects: rows.reduce((sum, { result }) => sum + result.run.effects, 0),
  };
  const table = rows.map(
    ({ one, result }) => `${result.right ? 'right' : 'WRONG'}  ${one.id.padEnd(28)} ${result.said}`,
  );
  return { suite: 'own', model, cases: rows.length, passed, metrics, table };
}

function inventoryOf({ cluster: { namespace } }: OwnCase, withoutCauses: ReadonlySet<string>): Inventory {
  const id = ServiceId.parse(namespace);
  const system: Service = {
    ...{ id, environment: 'eval', owner: 'team-eval', mode: 'observe', dependsOn: [], maxReplicas: 1 },
    signals: {},
    cluster: { driver: 'static', namespace },
    isSystem: true,
  };
  return { version: sha256(namespace), services: new Map([[id, system]]), withoutCauses };
}

function worldOf(one: OwnCase): World {
  const none = { kind: 'gap', reason: 'not_configured', detail: 'there is none' } as const;
  return {
    metrics: new Map(),
    workloads: new Map(),
    logs: { search: () => Promise.resolve(none) },
    probe: { get: () => Promise.resolve(none) },
    clusters: new Map([['static', staticCluster(one.cluster)]]),
  };
}
