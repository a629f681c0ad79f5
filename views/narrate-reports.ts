import type { BodyOf, Fact } from '#incidents/entry.ts';
import type { DiagnosisReport, Finding, MonitorReport } from '#incidents/reports.ts';
import type { Known } from './known.ts';
import { compared, confidence, count } from './numbers.ts';
import { type StoryLine, told } from './story.ts';
import { clockTime, duration } from './time.ts';
import { causeName, causeWords, plainReason, signalWords } from './words.ts';

type RunFact = Extract<Fact, { kind: 'run.started' | 'run.settled' | 'session.spawned' }>;

/** Sessions and what they reported: who was started with what, what was found, what cause stands out. */
export function narrateRun(fact: RunFact, { zone }: Known): StoryLine[] {
  const at = fact.entry.ts;
  switch (fact.kind) {
    case 'session.spawned': {
      const { role, allowlist, limits } = fact.body;
      return [
        told(at, 'spawned', {
          what: `${role} with ${count(allowlist.length, 'tool')}, at most ${count(limits.toolCalls, 'call')} in ${duration(limits.wallMs)}`,
          quiet: true,
        }),
      ];
    }
    case 'run.started':
      return [];
    case 'run.settled':
      return settled(fact.body, { at, zone });
  }
}

type When = { at: number; zone: string };

function settled(
  { role, outcome, reason, report, droppedClaims }: BodyOf<'run.settled'>,
  when: When,
): StoryLine[] {
  const lines: StoryLine[] = [];
  const say = (who: string, what: string, ref = '') => lines.push(told(when.at, who, { what, ref }));
  if (outcome !== 'reported' && outcome !== 'yielded') {
    const why = reason === null || reason === outcome ? '' : `: ${plainReason(reason)}`;
    // Agents are stopped whenever people or a recovery take over: nothing went wrong then.
    lines.push(
      told(when.at, role, { what: `${plainReason(outcome)}${why}`, quiet: outcome === 'cancelled' }),
    );
  }
  if (outcome === 'reported' && reason !== null)
    say(role, `${plainReason(reason)}: the program reports what was seen until then`);
  if (droppedClaims > 0) say(role, droppedWords(droppedClaims));
  if (report?.role === 'monitor') lines.push(...monitorLines(report, when));
  if (report?.role === 'diagnosis') lines.push(...diagnosisLines(report, when));
  if (report?.role === 'remediation' && report.outcome === 'no_safe_action')
    say('proposed', 'nothing: no action that is allowed fits the cause');
  return lines;
}

/** `2 claims dropped: the evidence does not show them`. */
export function droppedWords(claims: number): string {
  return `${count(claims, 'claim')} dropped: the evidence does not show ${claims === 1 ? 'it' : 'them'}`;
}

/** `rules would say: likely a bad deploy of checkout (86 %)`, where the rules would have named a cause and the report does not. */
export function rulesWords({ rulesFirst }: Pick<DiagnosisReport, 'rulesFirst'>): string | null {
  if (rulesFirst === undefined) return null;
  const { outcome, cause, service, object } = rulesFirst;
  return `rules would say: ${outcome}, ${causeWords(cause, service, object)} (${confidence(rulesFirst.confidence)})`;
}

function monitorLines(report: MonitorReport, { at, zone }: When): StoryLine[] {
  const since = report.since === null ? '' : ` since ${clockTime(report.since, zone)}`;
  const unseen = report.findings.filter((finding) => finding.state === 'unseen');
  const wrong = report.findings.filter((finding) => finding.state === 'high' || finding.state === 'low');
  const signal =
    report.signal === null ? '' : `: ${signalWords(report.signal.name)} of ${report.signal.service}`;
  const verdict = {
    impaired: `impaired${since}${signal}`,
    healthy: `nothing is wrong now${signal}`,
    unclear: 'it is not clear whether anything is wrong',
  };
  return [
    told(at, 'finding', { what: verdict[report.verdict] }),
    ...wrong.map((finding) =>
      told(at, 'finding', {
        what: `${signalWords(finding.signal)} of ${finding.service} ${finding.state}`,
        ref: finding.evidence[0] ?? '',
        figure: findingFigure(finding),
      }),
    ),
    ...(unseen.length === 0
      ? []
      : [
          told(at, 'not seen', {
            what: unseen.map((finding) => `${signalWords(finding.signal)} of ${finding.service}`).join(', '),
          }),
        ]),
  ];
}

/** `31 % (normal 0.2 %)`. */
export function findingFigure({ signal, now, normal }: Finding): string {
  return compared(signal, now, normal);
}

function diagnosisLines(report: DiagnosisReport, { at }: When): StoryLine[] {
  const lines = causeLines(report, at);
  const rules = rulesWords(report);
  if (rules !== null) lines.push(told(at, '', { what: rules }));
  if (report.ruledOut.length > 0)
    lines.push(told(at, 'ruled out', { what: ruledOutWords(report).join(', ') }));
  if (report.gaps.length > 0) lines.push(told(at, 'not seen', { what: gapWords(report).join(', ') }));
  return lines;
}

function causeLines({ outcome, hypotheses }: DiagnosisReport, at: number): StoryLine[] {
  const top = hypotheses[0];
  if (outcome === 'healthy')
    return [told(at, 'cause', { what: 'none: the signals are back where they belong' })];
  if (top === undefined) return [told(at, 'cause', { what: 'not found' })];
  const word = outcome === 'inconclusive' ? 'not clear, at best' : outcome;
  return [
    told(at, 'cause', {
      what: `${word}  ${causeWords(top.cause, top.service, top.object)} (${confidence(top.confidence)})`,
    }),
    told(at, '', { what: `for ${top.for.join(' ') || 'none'}   against ${top.against.join(' ') || 'none'}` }),
  ];
}

/** From so many on, a service counts as a whole: every cause that it could be was looked at. */
const WHOLE = 4;

/** `inventory (e5)` for a service that every cause was ruled out for, else `overload of checkout (e6)`. */
export function ruledOutWords({
  ruledOut,
  hypotheses,
}: Pick<DiagnosisReport, 'ruledOut' | 'hypotheses'>): string[] {
  const culprit = hypotheses[0]?.service;
  return [...Map.groupBy(ruledOut, ({ service }) => service)].flatMap(([service, causes]) =>
    causes.length >= WHOLE && service !== culprit
      ? [`${service}${handles(causes.flatMap(({ evidence }) => evidence))}`]
      : causes.map(({ cause, evidence }) => `${causeName(cause)} of ${service}${handles(evidence)}`),
  );
}

/** At most three, so that the line stays a line. */
function handles(evidence: readonly string[]): string {
  const some = [...new Set(evidence)].slice(0, 3);
  return some.length === 0 ? '' : ` (${some.join(' ')})`;
}

/** `logs_search checkout (timeout)`, one for each look that failed. */
export function gapWords({ gaps }: Pick<DiagnosisReport, 'gaps'>): string[] {
  return gaps.map(({ service, tool, reason }) => `${tool} ${service} (${plainReason(reason)})`);
}
