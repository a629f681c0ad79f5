import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';

/** An id of digits alone is read as a number. */
const Text = z
  .union([z.string(), z.number().transform(String)])
  .nullish()
  .catch(null);
const Description = z.object({
  scenario_id: Text,
  /** Evidence that this scenario lacks is that of its base. */
  base: Text,
  engine: Text,
  namespace: Text,
  workload_name: Text,
  db_instance_identifier: Text,
  available_evidence: z.array(z.string()).nullish(),
});
type Description = z.infer<typeof Description>;

const Page = z.object({
  title: Text,
  commonLabels: z.record(z.string(), z.unknown()).nullish(),
  commonAnnotations: z.record(z.string(), z.unknown()).nullish(),
});

/** One scenario, as far as whoever diagnoses it may know: what really was wrong stands in another file. */
export type Scenario = {
  readonly id: string;
  readonly dir: string;
  readonly kind: 'cluster' | 'database';
  /** The namespace, or the name of the database. */
  readonly system: string;
  readonly title: string;
  readonly summary: string;
  /** What a read replica is called, where the page says so. */
  readonly replica: string | null;
  /** Recorded evidence by its name; what is not in here was not recorded. */
  readonly evidence: ReadonlyMap<string, unknown>;
};

const Truth = z.object({
  root_cause_category: z.string(),
  required_evidence_sources: z.array(z.string()).nullish(),
  model_response: Text,
});
/** `evidence`: the sources that a good answer must cite; empty where the set does not say. */
export type Truth = { readonly category: string; readonly evidence: readonly string[] };

/** Every scenario under the folder, in the order of their names. Throws for files that are none. */
export async function loadScenarios(root: string): Promise<Scenario[]> {
  const entries = await readdir(root, { withFileTypes: true, recursive: true });
  const dirs = entries.filter(({ name }) => name === 'scenario.yml').map(({ parentPath }) => parentPath);
  return Promise.all(dirs.sort().map(loadScenario));
}

/** What was really wrong; read by whoever scores, after the run. */
export async function loadTruth(scenario: Scenario): Promise<Truth> {
  const text = await readFile(join(scenario.dir, 'answer.yml'), 'utf8');
  const { root_cause_category, required_evidence_sources, model_response } = Truth.parse(parse(text));
  const cited = [...(model_response ?? '').matchAll(/\[evidence: ([\w, ]+)\]/g)].flatMap(([, names]) =>
    (names ?? '').split(/[,\s]+/).filter((name) => name !== ''),
  );
  return {
    category: root_cause_category,
    evidence: required_evidence_sources ?? [...new Set(cited)],
  };
}

async function loadScenario(dir: string): Promise<Scenario> {
  const own = await described(dir);
  const baseDir = own.base == null ? null : join(dirname(dir), own.base.replaceAll(/[^\w.-]/g, ''));
  const base = baseDir === null ? null : await described(baseDir);
  const page = Page.parse(JSON.parse(await readFile(join(dir, 'alert.json'), 'utf8')));
  const { commonLabels: labels, commonAnnotations: notes } = page;
  const said = (from: Record<string, unknown> | null | undefined, name: string): string | null =>
    typeof from?.[name] === 'string' && from[name] !== '' ? from[name] : null;
  const database = said(notes, 'db_instance_identifier') ?? own.db_instance_identifier;
  const engine = own.engine ?? base?.engine ?? '';
  const isCluster = /eks|k8s|kubernetes/i.test(engine);
  const namespace = said(labels, 'namespace') ?? own.namespace ?? base?.namespace;
  return {
    id: own.scenario_id ?? dir,
    dir,
    kind: isCluster ? 'cluster' : 'database',
    system: (isCluster ? namespace : (database ?? base?.db_instance_identifier)) ?? 'system',
    title: page.title ?? 'page',
    summary: said(notes, 'summary') ?? '',
    replica: said(notes, 'read_replica'),
    evidence: await evidenceOf(dir, baseDir, own.available_evidence ?? base?.available_evidence ?? []),
  };
}

const described = async (dir: string): Promise<Description> =>
  Description.parse(parse(await readFile(join(dir, 'scenario.yml'), 'utf8')));

/** What lies in the scenario's own folder, and for evidence that it says to have and has not, what its base has. */
async function evidenceOf(
  dir: string,
  baseDir: string | null,
  available: readonly string[],
): Promise<ReadonlyMap<string, unknown>> {
  const found = await filesOf(dir);
  const inherited = baseDir === null ? new Map<string, unknown>() : await filesOf(baseDir);
  for (const name of available) {
    const base = inherited.get(name);
    if (!found.has(name) && base !== undefined) found.set(name, base);
  }
  return found;
}

/** Metrics may lie in a file each: they are put together under the name that they have in common. */
async function filesOf(dir: string): Promise<Map<string, unknown>> {
  const names = (await readdir(dir)).filter((name) => name.endsWith('.json') && name !== 'alert.json').sort();
  const found = new Map<string, unknown>();
  const parts: unknown[] = [];
  for (const file of names) {
    const value: unknown = JSON.parse(await readFile(join(dir, file), 'utf8'));
    const name = file.slice(0, -'.json'.length);
    if (!name.startsWith(`${METRICS}_`)) found.set(name, value);
    else if (!name.endsWith('_envelope')) parts.push(value);
  }
  if (parts.length > 0 && !found.has(METRICS)) found.set(METRICS, { metric_data_results: parts });
  return found;
}

const METRICS = 'aws_cloudwatch_metrics';
