import type { JsonObject } from '#core/canonical.ts';
import { inert } from '#core/inert.ts';
import type { BodyOf, Fact } from '#incidents/entry.ts';
import { DeployRef, deployOf, ServiceRef, serviceOf } from '#incidents/refs.ts';
import { SignalName } from '#incidents/vocabulary.ts';
import type { Known } from './known.ts';
import { compared, count, millis, signalValue } from './numbers.ts';
import { type StoryLine, told } from './story.ts';
import { clockTime } from './time.ts';
import { actorWords, plainReason, signalWords } from './words.ts';

type ToolFact = Extract<Fact, { kind: 'tool.intended' | 'tool.finished' | 'tool.refused' }>;

/** A tool call for people: reads when they are answered, changes when they start and end, refusals always. */
export function narrateTool(fact: ToolFact, known: Known): StoryLine[] {
  const at = fact.entry.ts;
  switch (fact.kind) {
    case 'tool.intended': {
      const { phase, approval, call } = fact.body;
      if (approval === null || (phase !== 'run' && phase !== 'undo')) return [];
      return [
        told(at, phase === 'undo' ? 'undo' : 'started', {
          what: callWords(fact.body),
          ref: call,
          figure: `#${fact.entry.seq}`,
        }),
      ];
    }
    case 'tool.finished':
      return known.call === undefined
        ? []
        : finished(fact.body, { intent: known.call, at, zone: known.zone });
    case 'tool.refused':
      return [
        told(at, 'refused', {
          what: `${actorWords(fact.body.caller)} asked for ${inert(fact.body.tool)}: ${plainReason(fact.body.reason)}`,
          ref: fact.body.call ?? '',
        }),
      ];
  }
}

type Finish = { intent: BodyOf<'tool.intended'>; at: number; zone: string };

/** Notes and spawns have entries of their own; verification reads are told by their samples. */
function finished(body: BodyOf<'tool.finished'>, { intent, at, zone }: Finish): StoryLine[] {
  const { call, outcome, facts, reason } = body;
  const failure = `${outcome === 'gap' ? 'not seen' : outcome}${reason === null ? '' : `: ${plainReason(reason)}`}`;
  if (intent.approval !== null) {
    const done =
      outcome === 'ok'
        ? `done in ${millis(body.durationMs)}`
        : outcome === 'unknown'
          ? 'effect not known'
          : failure;
    return [
      told(at, intent.phase === 'undo' ? 'undo' : 'finished', {
        what: callWords(intent),
        ref: call,
        figure: done,
      }),
    ];
  }
  const people = toldPeople(body, intent, at);
  if (people !== undefined) return people;
  if (intent.phase === 'verify' || intent.tier === 'R1' || intent.tool.startsWith('sessions_')) return [];
  if (intent.phase === 'dry_run') {
    return intent.caller.startsWith('agent:')
      ? [
          told(at, actorWords(intent.caller), {
            what: `dry run of ${callWords(intent)}`,
            ref: call,
            figure: outcome === 'ok' ? 'possible' : failure,
            quiet: outcome === 'ok',
          }),
        ]
      : [];
  }
  const figure = outcome === 'ok' ? figureOf(intent, facts, zone) : failure;
  return [told(at, actorWords(intent.caller), { what: callWords(intent), ref: call, figure })];
}

/** What told people something, or was to; undefined: it was no such call. */
function toldPeople(
  body: BodyOf<'tool.finished'>,
  intent: BodyOf<'tool.intended'>,
  at: number,
): StoryLine[] | undefined {
  if (intent.tool === 'slack_post') return calledInSlack(body, intent, at);
  return intent.tool.startsWith('page_') ? [toldPager(body, intent, at)] : undefined;
}

const pagerDeeds: ReadonlyMap<string, string> = new Map([
  ['page_acknowledge', 'that a person has seen the page'],
  ['page_note', 'by a note on the page'],
  ['page_resolve', 'that it is over'],
  ['page_escalate', 'to ask the next people'],
  ['page_trigger', 'to page people'],
]);

/** Who was called by name is told by the receipt; a call for help that names nobody says so. */
function calledInSlack(
  { call, outcome }: BodyOf<'tool.finished'>,
  { args }: BodyOf<'tool.intended'>,
  at: number,
): StoryLine[] {
  const { what, about, edit, mentions } = args;
  if (outcome !== 'ok') return [];
  if (edit === null && typeof mentions === 'number' && mentions > 0)
    return [told(at, 'slack', { what: `${count(mentions, 'person', 'people')} called by name`, ref: call })];
  if (what !== 'notice' || about === null) return [];
  return [
    told(at, 'slack', { what: 'could not call anybody by name; the call for help says so', ref: call }),
  ];
}

/** The paging system was told only where its answer says so; else the line says that it was not, and why. */
function toldPager(
  { call, tool, outcome, reason }: BodyOf<'tool.finished'>,
  { args }: BodyOf<'tool.intended'>,
  at: number,
): StoryLine {
  const whom = tool === 'page_fallback' ? 'people by the fallback' : 'PagerDuty';
  const page = typeof args.page === 'string' ? ` ${inert(args.page)}` : '';
  const about = typeof args.about === 'string' ? ` (${plainReason(inert(args.about))})` : '';
  const what = `${whom} ${pagerDeeds.get(tool) ?? 'where Slack does not reach them'}${page}${about}`;
  if (outcome === 'ok') return told(at, 'pager', { what: `told ${what}`, ref: call });
  const why = reason === null ? 'not known' : plainReason(reason);
  return told(at, 'pager', { what: `did not tell ${what}`, ref: call, figure: why });
}

/** `http_probe checkout`: the tool, and what of what it was asked; a signal, `errors of checkout`, says which tool it was. */
function callWords({ tool, args }: BodyOf<'tool.intended'>): string {
  const signal = SignalName.safeParse(args.signal);
  const service = ServiceRef.safeParse(args.system ?? args.service ?? args.target);
  const deploy = DeployRef.safeParse(args.to);
  const version = args.version;
  const parts = [
    tool === 'metrics_query' && signal.success ? `${signalWords(signal.data)} of` : inert(tool),
    service.success ? serviceOf(service.data) : '',
    ...(args.system === undefined ? [] : inCluster(args)),
    typeof args.level === 'string' ? inert(args.level) : '',
    deploy.success ? `${deployOf(deploy.data).back} back` : '',
    typeof version === 'string' ? `to ${inert(version)}` : '',
    typeof args.replicas === 'number' ? `to ${count(args.replicas, 'instance')}` : '',
  ];
  return parts.filter((part) => part !== '').join(' ');
}

/** What in a cluster was asked about. */
function inCluster({ system: _system, ...rest }: JsonObject): string[] {
  return Object.values(rest).map((value) => inert(String(value)));
}

/** The figure that a read gave, from the facts that its tool put into the log; empty where it gave none. */
function figureOf({ tool, args }: BodyOf<'tool.intended'>, facts: JsonObject | null, zone: string): string {
  if (facts === null) return '';
  switch (tool) {
    case 'metrics_query':
      return signalFigure(SignalName.safeParse(args.signal).data, facts);
    case 'http_probe':
      return `${numberOf(facts, 'status') ?? 'no answer'} in ${millis(numberOf(facts, 'ms') ?? 0)}`;
    case 'logs_search':
      return `${count(numberOf(facts, 'total') ?? 0, 'line')}, ${newWords(numberOf(facts, 'fresh') ?? 0)}`;
    case 'deployments_list': {
      const newest = numberOf(facts, 'newest');
      const version = facts.version;
      const name = typeof version === 'string' ? inert(version) : 'newest';
      return newest === undefined ? 'none' : `${name} at ${clockTime(newest, zone)}`;
    }
    case 'workload_status':
      return `${numberOf(facts, 'running') ?? 0} of ${numberOf(facts, 'replicas') ?? 0} running`;
    case 'changes_list':
      return count(numberOf(facts, 'listed') ?? 0, 'change');
    case 'incident_history':
      return pastFigure(facts);
    case 'runbook_search':
      return count(numberOf(facts, 'runbooks') ?? 0, 'runbook');
    case 'system_scan':
      return scanFigure(facts);
    case 'evidence_read':
      return `again, of ${numberOf(facts, 'total') ?? 0} characters`;
    default:
      return tool.startsWith('mcp_') ? count(numberOf(facts, 'lines') ?? 0, 'line') : '';
  }
}

/** `31 % (normal 0.2 %)`, or the edge of the normal band that it left; `23 ms, normal` inside it. */
function signalFigure(signal: SignalName | undefined, facts: JsonObject): string {
  const { now, normal, state, low, high } = facts;
  if (signal === undefined || typeof now !== 'string') return 'not seen';
  const seen = signalValue(signal, now);
  if (state === 'normal') return `${seen}, normal`;
  if (typeof normal === 'string') return compared(signal, now, normal);
  const edge = state === 'low' ? low : high;
  if (typeof edge !== 'string') return `${seen} (no past)`;
  return `${seen} (normal ${state === 'low' ? '>' : '<'} ${signalValue(signal, edge)})`;
}

/** Where it began, or that nothing is out. */
function scanFigure({ verdict, first }: JsonObject): string {
  if (verdict === 'healthy') return 'all normal';
  return verdict === 'fault' && typeof first === 'string' ? `began at ${inert(first)}` : 'no clear origin';
}

/** How many there were, and which was the last. */
function pastFigure(facts: JsonObject): string {
  const { last } = facts;
  const before = numberOf(facts, 'incidents') ?? 0;
  return before === 0 || typeof last !== 'string' ? 'none before' : `${before} before, last ${inert(last)}`;
}

function newWords(fresh: number): string {
  return fresh === 0 ? 'nothing new' : `${count(fresh, 'new kind')}`;
}

function numberOf(facts: JsonObject, key: string): number | undefined {
  const value = facts[key];
  return typeof value === 'number' ? value : undefined;
}
