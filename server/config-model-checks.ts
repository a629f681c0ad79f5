import { publishedPrices } from '#llm/prices.ts';
import { show } from './config-problems.ts';
import { group, list } from './config-shape.ts';
import type { Path, Problem } from './config-yaml.ts';
import { didYouMean } from './suggest.ts';

/** Sources of tool results that have no id of their own. */
const SOURCES = ['logs', 'probes', 'runbooks', 'github'];

/** What is wrong between the parts of `models`, and with the rest of the file; reads the file as it was written. */
export function checkModels(file: unknown): Problem[] {
  const root = group(file);
  const models = group(root.models);
  const providers = group(models.providers);
  const known = { providers, prices: list(models.prices).map(group) };
  const used = Object.entries(group(models.roles)).flatMap(([role, names]) =>
    list(names).flatMap((name, at) => checkCandidate(['models', 'roles', role, at], name, known)),
  );
  const sources = new Set([
    ...SOURCES,
    ...Object.keys(group(root.telemetry)),
    ...Object.keys(group(root.workloads)),
  ]);
  return [
    ...(root.models !== undefined && Object.keys(group(models.roles)).length === 0
      ? [{ path: ['models', 'roles'], message: 'names no model; without one leave models out' }]
      : []),
    ...used,
    ...known.prices.flatMap((row, at) => {
      const path = ['models', 'prices', at, 'provider'];
      return typeof row.provider !== 'string' || Object.hasOwn(providers, row.provider)
        ? []
        : [{ path, message: notProvider(path, row.provider, providers) }];
    }),
    ...Object.keys(group(models.send_to_model)).flatMap((name) => {
      const path = ['models', 'send_to_model', name];
      const message = `is not a telemetry source, a workload, or one of ${SOURCES.join(', ')}${didYouMean(name, sources)}`;
      return sources.has(name) ? [] : [{ path, message }];
    }),
  ];
}

type Known = { providers: ReturnType<typeof group>; prices: readonly ReturnType<typeof group>[] };

/** A model whose price is not known would be spent without anybody knowing how much. */
function checkCandidate(path: Path, name: unknown, { providers, prices }: Known): Problem[] {
  if (typeof name !== 'string' || !name.includes('/')) return [];
  const [provider = '', ...rest] = name.split('/');
  const model = rest.join('/');
  if (!Object.hasOwn(providers, provider)) return [{ path, message: notProvider(path, provider, providers) }];
  if (prices.some((row) => row.provider === provider && row.model === model)) return [];
  const { kind } = group(providers[provider]);
  const published = publishedPrices.filter((row) => row.provider === kind).map((row) => row.model);
  if (published.includes(model)) return [];
  const row = `{provider: ${provider}, model: ${model}, date: YYYY-MM-DD, in: 0.00, out: 0.00}`;
  const own = published.length === 0 ? ' (0 for a server of your own)' : '';
  const add = `add it to models.prices in dollars per million tokens${own}: ${row}`;
  const message = `${show(path, model)} has no known price; ${add}${didYouMean(model, published)}`;
  return [{ path, message }];
}

function notProvider(path: Path, name: string, providers: ReturnType<typeof group>): string {
  return `${show(path, name)} is not in models.providers${didYouMean(name, Object.keys(providers))}`;
}
