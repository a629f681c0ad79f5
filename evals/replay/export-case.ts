import { z } from 'zod';
import type { Entry } from '#audit/log.ts';
import { FirebreakError } from '#core/errors.ts';
import type { IncidentId } from '#core/ids.ts';
import { redact } from '#core/redact.ts';
import type { Alert } from '#incidents/alert.ts';
import { type Fact, readFact } from '#incidents/entry.ts';
import type { Inventory, Service } from '#incidents/inventory.ts';
import type { DiagnosisReport } from '#incidents/reports.ts';
import { SignalName } from '#incidents/vocabulary.ts';
import { readTools } from '#tools/read/tools.ts';
import { type CaseRead, type CaseService, type Named, ReplayCase, sightNames } from './replay-case.ts';

export type ExportOptions = {
  readonly incident: IncidentId;
  /** All entries of the incident, in order. */
  readonly entries: readonly Entry[];
  readonly inventory: Inventory;
  /** Content that goes with an entry; undefined when it was erased. */
  readonly content: (entry: Entry) => Promise<Uint8Array | undefined>;
};

const looks = new Set<string>(readTools.map(({ name }) => name));

/**
 * Makes a case of a handled incident: its alerts, every look with its result, what was said, and what a person said of that.
 * Every text is redacted once more. Throws `not_found` when its content was erased: without that nothing can be replayed.
 */
export async function exportCase({
  incident,
  entries,
  inventory,
  content,
}: ExportOptions): Promise<ReplayCase> {
  const facts = entries.flatMap((entry) => readFact(entry) ?? []);
  const opened = facts.find((fact) => fact.kind === 'incident.opened');
  if (opened === undefined)
    throw new FirebreakError('not_found', `the log does not say how ${incident} began`);
  return ReplayCase.parse({
    format: 'firebreak-case/v1',
    incident,
    openedAt: opened.entry.ts,
    alerts: await alertsOf(facts, content),
    services: [...inventory.services.values()].map(serviceOf),
    reads: await readsOf(facts, content),
    before: namedBy(facts),
    models: [...new Set(facts.flatMap((fact) => (fact.kind === 'turn.replied' ? fact.body.model : [])))],
    prompts: Object.fromEntries(
      facts.flatMap((fact) => (fact.kind === 'session.spawned' ? [[fact.body.role, fact.body.prompt]] : [])),
    ),
    verdict: facts.flatMap((fact) => (fact.kind === 'verdict.given' ? fact.body : [])).at(-1) ?? null,
  });
}

type Content = ExportOptions['content'];
const Summary = z.object({ summary: z.string() });
const Result = z.object({ value: z.json(), text: z.string() });

async function alertsOf(facts: readonly Fact[], content: Content): Promise<Alert[]> {
  const alerts: Alert[] = [];
  for (const fact of facts) {
    if (fact.kind !== 'incident.opened' && fact.kind !== 'alert.joined') continue;
    const { summary } = Summary.parse(await jsonOf(fact.entry, content));
    const { name, ...rest } = fact.body.alert;
    alerts.push({ ...rest, name: redact(name).slice(0, 120), summary: redact(summary).slice(0, 500) });
  }
  return alerts;
}

async function readsOf(facts: readonly Fact[], content: Content): Promise<CaseRead[]> {
  const asked = new Map(
    facts.flatMap((fact) => (fact.kind === 'tool.intended' ? [[fact.body.call, fact.body] as const] : [])),
  );
  const reads: CaseRead[] = [];
  for (const fact of facts) {
    if (fact.kind !== 'tool.finished' || !looks.has(fact.body.tool)) continue;
    const intent = asked.get(fact.body.call);
    const args = z.record(z.string(), z.json()).safeParse(intent?.args);
    const isSeen = fact.body.outcome === 'ok';
    if (!args.success || (!isSeen && fact.body.outcome !== 'gap')) continue;
    const { value, text } = Result.parse(await jsonOf(fact.entry, content));
    const result = isSeen
      ? ({ kind: 'ok', value: withoutSecrets(value), text: redact(text) } as const)
      : ({ kind: 'gap', reason: fact.body.reason ?? 'no_data', detail: redact(text) } as const);
    reads.push({ tool: fact.body.tool, args: args.data, result });
  }
  return reads;
}

async function jsonOf(entry: Entry, content: Content): Promise<unknown> {
  const bytes = await content(entry);
  if (bytes !== undefined) return JSON.parse(Buffer.from(bytes).toString('utf8'));
  throw new FirebreakError('not_found', 'the content of this incident was erased; it cannot be replayed');
}

type Json = z.infer<ReturnType<typeof z.json>>;

function withoutSecrets(value: Json): Json {
  if (typeof value === 'string') return redact(value);
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [redact(key), withoutSecrets(one)]));
}

/** What can be looked at, without where that is. */
function serviceOf(service: Service): CaseService {
  const { id, environment, owner, mode, dependsOn, maxReplicas, signals, cluster } = service;
  return {
    ...{ id, environment, owner, mode, maxReplicas },
    dependsOn: [...dependsOn],
    signals: SignalName.options.filter((name) => signals[name] !== undefined),
    sights: sightNames.filter((name) => service[name] !== undefined),
    namespace: cluster?.namespace ?? null,
    isSystem: service.isSystem === true,
  };
}

function namedBy(facts: readonly Fact[]): Named {
  const reports = facts.flatMap((fact) =>
    fact.kind === 'run.settled' && fact.body.report?.role === 'diagnosis' ? fact.body.report : [],
  );
  const proposed = facts.flatMap((fact) =>
    fact.kind === 'tool.intended' && fact.body.phase === 'dry_run' ? fact.body.tool : [],
  );
  return namedIn(reports.at(-1) ?? null, proposed);
}

/** What a report names, in the form that two of them are compared in. */
export function namedIn(report: DiagnosisReport | null, proposed: readonly string[]): Named {
  const first =
    report?.outcome === 'likely' || report?.outcome === 'confirmed' ? report.hypotheses[0] : undefined;
  return {
    outcome: report?.outcome ?? null,
    cause: first?.cause ?? null,
    service: first?.service ?? null,
    object: first?.object ?? null,
    confidence: first?.confidence ?? null,
    proposed: [...new Set(proposed)],
  };
}
