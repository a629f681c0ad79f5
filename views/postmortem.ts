import { inert } from '#core/inert.ts';
import { readFact } from '#incidents/entry.ts';
import { type IncidentCard, incidentCard } from './incident-card.ts';
import { verdictWords } from './narrate-people.ts';
import { type ReportSeqs, reportSeqs } from './report-seqs.ts';
import { clockTime, duration, instant } from './time.ts';
import { createNarrator, type Entry } from './timeline.ts';

/**
 * A draft of a postmortem in Markdown: what is known, each line with the numbers of the entries that it rests on (`#58`),
 * and headings for what only people know. Undefined when the entries do not open an incident. Pure; foreign text means
 * nothing to a Markdown reader.
 */
export function postmortem(entries: readonly Entry[], zone: string): string[] | undefined {
  const card = incidentCard(entries, zone);
  const [first] = entries;
  const last = entries.at(-1);
  if (card === undefined || first === undefined || last === undefined) return undefined;
  const reports = reportSeqs(entries);
  const seq = seqOf(entries, reports);
  return [
    `# Postmortem of ${card.id}: ${plain(card.title)} (draft)`,
    '',
    `- Written from ${entries.length} entries of the log, #${first.seq} to #${last.seq}.`,
    ...summary(card, { seq, zone, first, last }),
    '',
    '## What happened',
    ...happened(entries, zone),
    '',
    '## What was changed',
    ...orNone(card.changes.map((one) => changeLine(one, seq))),
    '',
    '## What was ruled out, and what could not be seen',
    ...orNone([
      ...card.ruledOut.map((text) => `- Ruled out: ${plain(text)}${seq('diagnosis')}`),
      ...card.notSeen.map((text) => `- Not seen: ${plain(text)}${seq('monitor', 'diagnosis')}`),
    ]),
    '',
    '## What people say of the cause',
    ...orNone(verdicts(entries)),
    '',
    '## What made it possible',
    '## What would have shown it earlier',
    '## What is done about it, by whom, until when',
  ];
}

/** Gives ` (#58)` for the newest entry of each of these kinds, or nothing. */
type SeqOf = (...about: readonly string[]) => string;

const NONE = ['- None in the log.'];
const orNone = (lines: readonly string[]): readonly string[] => (lines.length === 0 ? NONE : lines);

function summary(
  { severity, service, openedAt, since, wrong, cause, resolved, takenBy, owner }: IncidentCard,
  { seq, zone, first, last }: { seq: SeqOf; zone: string; first: Entry; last: Entry },
): string[] {
  const began = since ?? openedAt;
  return [
    `- ${severity}, service ${plain(service ?? 'not in the config')}, owner ${plain(owner)} (#${first.seq}).`,
    `- Began ${instant(began, zone)}${since === null ? ', by the page' : ', by what was seen'}${since === null ? ` (#${first.seq})` : seq('monitor')}.`,
    ...(resolved === null
      ? [`- Not over yet (#${last.seq} is its last entry).`]
      : [
          `- Ended ${instant(resolved.at, zone)} after ${duration(resolved.at - began)}: ${resolved.how}, by ${plain(resolved.by)}${seq('incident.resolved')}.`,
        ]),
    ...wrong.map(({ text, evidence }) => `- ${plain(text)}, ${evidence.join(' ')}${seq('monitor')}.`),
    cause === null
      ? `- Cause: not found${seq('diagnosis') === '' ? `, nobody reported one until #${last.seq}` : seq('diagnosis')}.`
      : `- Cause: ${plain(cause.text)}, ${cause.word}${cause.verdict === null ? '' : `, ${plain(cause.verdict)}`}; for ${cause.for.join(' ') || 'none'}, against ${cause.against.join(' ') || 'none'}${seq('diagnosis')}.`,
    ...(takenBy === null
      ? []
      : [`- ${takenBy} had it at the end${seq('incident.taken', 'handover.accepted')}.`]),
  ];
}

function happened(entries: readonly Entry[], zone: string): string[] {
  const narrator = createNarrator(zone);
  return entries.flatMap((entry) =>
    narrator
      .tell(entry)
      .filter((line) => !line.quiet)
      .map(({ at, who, what, ref, figure }) => {
        const said = [who === '' ? '' : `${who}:`, what, ref, figure].filter((part) => part !== '').join(' ');
        return `- ${clockTime(at, zone)} ${plain(said)} (#${entry.seq})`;
      }),
  );
}

function changeLine({ approval, title, became, by }: IncidentCard['changes'][number], seq: SeqOf): string {
  const people = by.length === 0 ? '' : `, yes by ${by.join(' and ')}`;
  return `- ${approval} ${plain(title)}: ${plain(became)}${people}${seq(approval)}`;
}

function verdicts(entries: readonly Entry[]): string[] {
  return entries.flatMap((entry) => {
    const fact = entry.kind === 'verdict.given' ? readFact(entry) : undefined;
    return fact?.kind === 'verdict.given' ? [`- ${plain(verdictWords(fact.body))} (#${entry.seq})`] : [];
  });
}

/** Newest entry by kind, by the approval that it is about, and the reports that count by the role that gave them. */
function seqOf(entries: readonly Entry[], reports: ReportSeqs): SeqOf {
  const known = new Map<string, number>();
  for (const entry of entries) {
    known.set(entry.kind, entry.seq);
    const fact = readFact(entry);
    if (fact === undefined) continue;
    if ('approval' in fact.body && typeof fact.body.approval === 'string')
      known.set(fact.body.approval, entry.seq);
  }
  for (const role of ['monitor', 'diagnosis'] as const)
    if (reports[role] !== null) known.set(role, reports[role]);
  return (...about) => {
    const found = [...new Set(about.flatMap((one) => known.get(one) ?? []))].sort((a, b) => a - b);
    return found.length === 0 ? '' : ` (${found.map((one) => `#${one}`).join(', ')})`;
  };
}

/** Text in which Markdown reads nothing: no link, picture, heading, table, code or HTML. */
function plain(text: string): string {
  return inert(text)
    .replace(/[\\`*_{}[\]<>|~#!]/g, '\\$&')
    .replaceAll('://', '\\://')
    .replaceAll('@', '\\@');
}
