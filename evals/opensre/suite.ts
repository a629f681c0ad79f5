import { FirebreakError } from '#core/errors.ts';
import { sha256 } from '#core/hash.ts';
import { ServiceId } from '#core/ids.ts';
import { readFact } from '#incidents/entry.ts';
import type { Inventory, Service } from '#incidents/inventory.ts';
import type { World } from '#tools/drivers/ports.ts';
import { type EngineResult, runCase } from '../engine.ts';
import { type Suite, type SuiteOptions, share } from '../suite.ts';
import { type Category, categoryOf } from './categories.ts';
import { clusterReplay } from './cluster-replay.ts';
import { databaseReplay } from './database-replay.ts';
import { loadScenarios, loadTruth, type Scenario, type Truth } from './scenario.ts';
import { sourcesOf } from './sources.ts';

/** What the product said of one scenario. */
export type Said = {
  readonly category: Category;
  readonly named: boolean;
  /** Sources that the looks at, which what was named cites. */
  readonly cited: ReadonlySet<string>;
  readonly text: string;
  readonly errors: readonly string[];
};
type Row = { readonly scenario: Scenario; readonly said: Said; readonly truth: Truth };

/**
 * Scenarios of clusters and databases, some with no fault at all. The page goes in as any page; what the product asks is
 * answered from the evidence files, and only afterwards is the truth read.
 */
export const opensre: Suite = async (options) => {
  if (options.data === null)
    throw new FirebreakError('usage', 'this suite needs the folder of its data: --data DIR');
  if (options.leaveOut !== null) throw new FirebreakError('usage', 'this suite has no --leave-out');
  const rows: Row[] = [];
  for (const scenario of await loadScenarios(options.data)) {
    const said = await diagnose(scenario, options);
    rows.push({ scenario, said, truth: await loadTruth(scenario) });
  }
  const faulty = rows.filter(({ truth }) => truth.category !== 'healthy');
  const faultless = rows.filter(({ truth }) => truth.category === 'healthy');
  const right = faulty.filter(({ said, truth }) => said.named && said.category === truth.category);
  const wanted = faulty.flatMap(({ said, truth }) => truth.evidence.map((source) => said.cited.has(source)));
  return {
    ...{ suite: 'opensre', model: options.model, cases: rows.length, passed: right.length },
    metrics: {
      a1: share(right.length, faulty.length),
      falseAlarms: faultless.filter(({ said }) => said.named).length,
      noFaultCases: faultless.length,
      evidenceCoverage: share(wanted.filter((isCited) => isCited).length, wanted.length),
    },
    table: rows.map(
      ({ scenario, said, truth }) =>
        `${scenario.id.padEnd(40)} ${truth.category.padEnd(20)} ${said.category.padEnd(20)} ${said.text}`,
    ),
  };
};

async function diagnose(scenario: Scenario, { clock, maxReads }: SuiteOptions): Promise<Said> {
  const run = await runCase({
    inventory: inventoryOf(scenario),
    world: worldOf(scenario),
    alerts: [
      {
        ...{ source: 'eval', status: 'firing', fingerprint: sha256(scenario.id), severity: 'critical' },
        ...{ name: scenario.title.slice(0, 120), service: idOf(scenario), environment: 'eval' },
        ...{ startsAt: clock.now(), summary: scenario.summary.slice(0, 500) },
      },
    ],
    ...{ clock, maxReads },
  });
  const report = run.incident?.diagnosis ?? null;
  const named = report?.outcome === 'likely' || report?.outcome === 'confirmed';
  const first = named ? report.hypotheses[0] : undefined;
  const category = first === undefined ? unnamed(report?.outcome) : categoryOf(first.cause);
  return {
    ...{ category, named, errors: run.errors, cited: citedSources(run, first?.for ?? []) },
    text: `${report?.outcome ?? 'no report'} ${first?.cause ?? ''} ${first?.object ?? ''} (${run.reads} looks)`,
  };
}

const unnamed = (outcome: string | undefined): Category => (outcome === 'healthy' ? 'healthy' : 'unknown');

/** Where the looks that are cited got their answers from. */
function citedSources({ entries }: EngineResult, cited: readonly string[]): ReadonlySet<string> {
  const sources = new Set<string>();
  for (const entry of entries) {
    const fact = readFact(entry);
    if (fact?.kind !== 'tool.intended' || !cited.includes(fact.body.call)) continue;
    for (const source of sourcesOf(fact.body.tool, fact.body.args)) sources.add(source);
  }
  return sources;
}

/** A name that no config could have is not looked for. */
const idOf = ({ system }: Scenario): ServiceId =>
  ServiceId.safeParse(system.toLowerCase()).data ?? ServiceId.parse('system');

function inventoryOf(scenario: Scenario): Inventory {
  const { system, kind } = scenario;
  const id = idOf(scenario);
  const service: Service = {
    ...{ id, environment: 'eval', owner: 'team-eval', mode: 'observe', dependsOn: [], maxReplicas: 1 },
    ...{ signals: {}, isSystem: true },
    ...(kind === 'cluster'
      ? { cluster: { driver: 'recorded', namespace: system } }
      : { postgres: { driver: 'recorded' } }),
  };
  return { version: sha256(system), services: new Map([[id, service]]) };
}

function worldOf({ kind, evidence, system, replica }: Scenario): World {
  const none = { kind: 'gap', reason: 'not_configured', detail: 'there is none' } as const;
  return {
    metrics: new Map(),
    workloads: new Map(),
    logs: { search: () => Promise.resolve(none) },
    probe: { get: () => Promise.resolve(none) },
    ...(kind === 'cluster'
      ? { clusters: new Map([['recorded', clusterReplay(evidence)]]) }
      : { databases: new Map([['recorded', databaseReplay({ evidence, database: system, replica })]]) }),
  };
}
