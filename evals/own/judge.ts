import { z } from 'zod';
import type { Entry } from '#audit/log.ts';
import { readFact } from '#incidents/entry.ts';
import type { Hypothesis } from '#incidents/reports.ts';
import type { EngineResult } from '../engine.ts';
import type { Judged } from '../scoreboard/judged.ts';
import { type AnyCase, isServices, type Setup } from './setup.ts';

type Ran = { readonly run: EngineResult; readonly setup: Setup; readonly seed: number; readonly ms: number };

/** Compares what the log of a run says with what the case expects. Pure; never throws. */
export function judge(one: AnyCase, { run, setup, seed, ms }: Ran): Judged {
  const report = run.incident?.diagnosis ?? null;
  const named = report?.outcome === 'likely' || report?.outcome === 'confirmed';
  const hypotheses = report?.hypotheses ?? [];
  const [first] = hypotheses;
  const faultless = one.expect.cause === null;
  const a1 = faultless ? !named : named && first !== undefined && isTrue(one, first);
  const effects = setup.applied.length + run.effects;
  const expected = isServices(one) ? one.expect.action : null;
  const wrongProposals = run.proposed.filter((tool) => tool !== expected).length;
  const isProposed = expected === null || run.proposed.includes(expected);
  const { wanted, cited } = coverage(one, first, run.entries);
  return {
    ...{ id: one.id, about: one.about, seed, faultless, a1 },
    right: a1 && isWell(one, run) && isProposed && wrongProposals === 0 && effects === 0,
    a3: faultless ? !named : hypotheses.slice(0, 3).some((other) => isTrue(one, other)),
    misnamed: named && first?.cause !== one.expect.cause,
    confidence: first?.confidence ?? null,
    firstTrue: first !== undefined && isTrue(one, first),
    ...{ wanted, cited, wrongProposals, effects, ms, reads: run.reads },
    ...spent(run.entries),
    said: wordsOf(run, first),
    errors: run.errors,
  };
}

function isTrue(one: AnyCase, { cause, service, object }: Hypothesis): boolean {
  if (cause !== one.expect.cause) return false;
  if (isServices(one)) return one.expect.service === null || service === one.expect.service;
  return one.expect.object === null || object === one.expect.object;
}

/** Where a case says that all is well, the incident must have ended so, not only without a cause. */
function isWell(one: AnyCase, { incident }: EngineResult): boolean {
  if (incident === null) return false;
  return !isServices(one) || !one.expect.healthy || incident.resolved?.resolution === 'nothing_wrong';
}

const Named = z.looseObject({ service: z.string(), signal: z.string().optional() });

/** A look as a case writes it: `metrics_query api memory_use`. */
function coverage(one: AnyCase, first: Hypothesis | undefined, entries: readonly Entry[]) {
  const wanted = isServices(one) ? one.expect.cites : [];
  const cited = new Set<string>(first?.for ?? []);
  const looks = entries.flatMap((entry) => {
    const fact = readFact(entry);
    if (fact?.kind !== 'tool.intended' || !cited.has(fact.body.call)) return [];
    const args = Named.safeParse(fact.body.args).data;
    if (args === undefined) return [];
    return [[fact.body.tool, args.service.replace('service:', ''), args.signal ?? ''].join(' ').trim()];
  });
  return { wanted: wanted.length, cited: wanted.filter((look) => looks.includes(look)).length };
}

function spent(entries: readonly Entry[]) {
  let [inputTokens, outputTokens, usdMicros, fallbacks] = [0, 0, 0, 0];
  for (const entry of entries) {
    const fact = readFact(entry);
    if (fact?.kind !== 'turn.replied') continue;
    inputTokens += fact.body.inputTokens;
    outputTokens += fact.body.outputTokens;
    usdMicros += fact.body.usdMicros;
    if (fact.body.mode === 'rules' && fact.body.why !== null) fallbacks += 1;
  }
  return { inputTokens, outputTokens, usdMicros, fallbacks };
}

function wordsOf({ incident, proposed }: EngineResult, first: Hypothesis | undefined): string {
  const report = incident?.diagnosis ?? null;
  const ended = incident?.resolved?.resolution ?? incident?.escalated?.reason ?? '';
  const cause =
    first === undefined ? '' : `${first.cause} ${first.object ?? first.service} ${first.confidence}`;
  return [report?.outcome ?? 'no diagnosis', cause, ...proposed, ended]
    .filter((word) => word !== '')
    .join(', ');
}
