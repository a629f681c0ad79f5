import type { CallId, IncidentId } from '#core/ids.ts';
import { handles, words } from '#slack/cards/text.ts';
import { quoted } from '#slack/inert.ts';
import { incidentCard } from '#views/incident-card.ts';
import { createNarrator, type Entry } from '#views/timeline.ts';
import { incidentEntries } from '../incident-entries.ts';
import type { ConversationDeps } from './deps.ts';
import { answeredLooks, contentOf } from './looks.ts';

/** So many lines of one look are shown; the rest is read with the command line. */
const MOST_LINES = 10;
const MOST_LOOKS = 12;

/** What was looked at and what was seen, what the cause and the alarm rest on first. Waits for the log only. */
export async function evidenceList(deps: ConversationDeps, id: IncidentId): Promise<string[]> {
  const looks = answeredLooks(deps, id);
  if (looks.length === 0) return ['Nothing was looked at, or it is too long ago: firebreak incidents export'];
  const entries = await incidentEntries(deps, id);
  const seen = seenIn(entries, deps.zone);
  const card = incidentCard(entries, deps.zone);
  const weighty = new Set<string>([
    ...(card?.cause?.for ?? []),
    ...(card?.cause?.against ?? []),
    ...(card?.wrong.flatMap(({ evidence }) => evidence) ?? []),
  ]);
  const first = looks.filter(({ call }) => weighty.has(call));
  const others = looks.filter(({ call }) => !weighty.has(call)).toReversed();
  const shown = [...first, ...others].slice(0, MOST_LOOKS);
  const more = looks.length - shown.length;
  return [
    `${looks.length} looks answered. What the cause rests on comes first${more > 0 ? `; ${more} more are not shown here` : ''}. To open one, say: show ${shown[0]?.call ?? 'e1'}`,
    ...shown.map((look) => lineOf(look, seen)),
  ];
}

/** One look with the figure it gave, and the first lines of what it answered, as text that means nothing to Slack. */
export async function evidenceOf(deps: ConversationDeps, id: IncidentId, call: CallId): Promise<string[]> {
  const look = answeredLooks(deps, id).find((one) => one.call === call);
  const content = look === undefined ? undefined : await contentOf(deps, id, look);
  if (look === undefined || content === undefined)
    return [`${call} is no look of this incident that answered, or its content is not kept any more.`];
  // The line with all decimals is for those who count with it.
  const lines = content.text.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('exact: '));
  const rest = lines.length - MOST_LINES;
  return [
    lineOf(look, seenIn(await incidentEntries(deps, id), deps.zone)),
    ...lines.slice(0, MOST_LINES).map((line) => quoted(line, 180)),
    ...(rest > 0 ? [`and ${rest} more lines`] : []),
  ];
}

type Shown = { readonly call: CallId; readonly tool: string; readonly service: string | null };

function lineOf({ call, tool, service }: Shown, seen: ReadonlyMap<string, string>): string {
  const said = seen.get(call) ?? `${tool} ${service ?? ''}`;
  return `${handles([call])} ${words(said)}`.trimEnd();
}

/** The words of the timeline for each look: `errors of checkout 31 % (normal < 0.9 %)`. */
function seenIn(entries: readonly Entry[], zone: string): ReadonlyMap<string, string> {
  const narrator = createNarrator(zone);
  const seen = new Map<string, string>();
  for (const entry of entries)
    for (const { ref, what, figure } of narrator.tell(entry))
      if (entry.kind === 'tool.finished' && ref !== '') seen.set(ref, `${what} ${figure}`.trimEnd());
  return seen;
}
