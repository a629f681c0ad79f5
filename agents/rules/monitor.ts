import { evidenceOf, type ReadResult } from '#diagnosis/evidence.ts';
import { healthOf } from '#diagnosis/healthy.ts';
import { knownDependencies } from '#diagnosis/known-dependencies.ts';
import { isConfigured, type Read, readKey } from '#diagnosis/read.ts';
import { metric, type Scene, signalOf } from '#diagnosis/scene.ts';
import { runsShort } from '#diagnosis/symptoms.ts';
import type { Inventory } from '#incidents/inventory.ts';
import { serviceOf } from '#incidents/refs.ts';
import type { MonitorBrief } from '#incidents/reports.ts';
import type { SignalName } from '#incidents/vocabulary.ts';
import type { Item } from '#llm/model.ts';
import { isOut, isSteady, monitorReport } from './monitor-report.ts';
import { briefOf, readResults, resultsOf } from './transcript.ts';
import { lookTurn, type RulesRole, reportTurn } from './turn.ts';

/** What users of any service feel, and what tells a dependency that fails from one that is well. */
const FELT: readonly SignalName[] = ['error_ratio', 'latency_p95', 'instances_up'];
const MOST_DEPENDENCIES = 4;
const PER_TURN = 12;

/**
 * Looks at the paged service; if something is out, at what it calls; if all is well but the last samples are not, once
 * more. Then reports.
 */
export const monitorTurn: RulesRole = (request, inventory) => {
  const brief = briefOf(request.items);
  if (brief?.role !== 'monitor') return null;
  const { scene, results } = monitorView(brief, request.items, inventory);
  const refused = resultsOf(request.items).some(
    ({ outcome, tool }) => outcome === 'refused' && tool !== 'report',
  );
  if (request.callsLeft <= 1 || refused) return reportTurn(monitorReport(scene, results));
  const reads = wanted(scene, results).slice(0, PER_TURN);
  const turn = lookTurn(request, inventory, { reads, at: brief.startedAt });
  return turn.calls.length > 0 ? turn : reportTurn(monitorReport(scene, results));
};

/** What a monitor's session has seen so far. */
export function monitorView(
  brief: MonitorBrief,
  items: readonly Item[],
  inventory: Inventory,
): { scene: Scene; results: readonly ReadResult[] } {
  const results = readResults(items, brief.startedAt);
  const about = { service: serviceOf(brief.service), signal: brief.about, since: brief.startedAt };
  return { scene: { evidence: evidenceOf(results, []), inventory, about }, results };
}

function wanted(scene: Scene, results: readonly ReadResult[]): Read[] {
  const { service } = scene.about;
  const first = open(scene, firstLooks(scene));
  if (first.length > 0) return first;
  if (healthOf(scene).is === 'yes') return lookAgain(scene, results);
  // Nobody answered for its instances: ask what runs it.
  const alive =
    signalOf(scene, service, 'instances_up') === undefined
      ? open(scene, [{ tool: 'workload_status', service }])
      : [];
  return [...alive, ...open(scene, dependencyLooks(scene))];
}

function firstLooks({ about }: Scene): Read[] {
  const signals = new Set<SignalName>([...(about.signal === null ? [] : [about.signal]), ...FELT]);
  return [
    ...[...signals].map((signal) => metric(about.service, signal)),
    { tool: 'http_probe', service: about.service },
  ];
}

/** Only worth it when something is wrong: does it fail by itself, or pass on what it calls? */
function dependencyLooks(scene: Scene): Read[] {
  const { service, signal } = scene.about;
  const watched = new Set<SignalName>([...FELT, ...(signal === null ? [] : [signal])]);
  const wrong = [...watched].some((name) => isOut(signalOf(scene, service, name)));
  if (!wrong && runsShort(scene, service).is !== 'yes') return [];
  return knownDependencies(scene, service)
    .slice(0, MOST_DEPENDENCIES)
    .flatMap((on) => FELT.map((name) => metric(on, name)));
}

function lookAgain({ about }: Scene, results: readonly ReadResult[]): Read[] {
  const unsteady = results.filter(
    ({ read }) => read.tool === 'metrics_query' && read.service === about.service,
  );
  return unsteady
    .filter((result) => !isSteady(result) && timesRead(results, result.read) < 2)
    .map(({ read }) => read);
}

const timesRead = (results: readonly ReadResult[], read: Read): number =>
  results.filter((one) => readKey(one.read) === readKey(read)).length;

const open = (scene: Scene, reads: readonly Read[]): Read[] =>
  reads.filter((read) => isConfigured(scene.inventory, read) && !scene.evidence.done.has(readKey(read)));
