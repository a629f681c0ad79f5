import { ServiceRef } from '#incidents/refs.ts';
import { SignalName } from '#incidents/vocabulary.ts';
import type { Item } from '#llm/model.ts';

/** A request with more characters than this has its oldest steps shortened, until no more than KEPT are left of them. */
export const MAX_CONTEXT = 120_000;
const KEPT = 60_000;

const FIRST_LINE =
  'The earlier steps of this conversation, shortened by the program. Evidence ids stay valid and can be cited.';

/** What of a session is sent to a model; the transcript itself only grows. */
export type Context = {
  /** The items of the next request: the transcript itself until it becomes too long. */
  view(): readonly Item[];
};

/** Which items a summary stands for. Beside the item, so that nothing of them can leave with it. */
const hidden = new WeakMap<Item, readonly Item[]>();

/** The whole transcript behind what a model was sent; rules read every value, also of steps that were shortened. */
export function whole(view: readonly Item[]): readonly Item[] {
  return view.some((item) => hidden.has(item)) ? view.flatMap((item) => hidden.get(item) ?? [item]) : view;
}

/**
 * Keeps what is sent of a growing transcript within bounds. The first item (the brief, or the first message) always stays;
 * what follows it is cut only in front of a reply or a message, never between a call and its result, and becomes one
 * message that names every evidence id of it. The cuts depend on the items alone, at the places where requests were
 * made, so a transcript that is rebuilt is cut alike. Between two cuts the same objects come again and more.
 */
export function createContext(items: readonly Item[]): Context {
  let view: Item[] | null = null;
  let size = 0;
  let seen = 0;
  /** Items from the second up to this one are in the summary. */
  let cut = 1;

  const compact = (end: number): void => {
    const to = cutOf(items, end);
    if (to <= cut) return;
    cut = to;
    const old = items.slice(1, cut);
    view = [...items.slice(0, 1), summaryOf(old), ...items.slice(cut, end)];
    size = view.reduce((sum, item) => sum + sizeOf(item), 0);
  };
  const take = (item: Item): void => {
    size += sizeOf(item);
    view?.push(item);
  };

  return {
    view: () => {
      for (; seen < items.length; seen += 1) {
        const item = items[seen];
        if (item?.kind === 'reply' && size > MAX_CONTEXT) compact(seen);
        if (item !== undefined) take(item);
      }
      if (size > MAX_CONTEXT) compact(seen);
      return view ?? items;
    },
  };
}

/** Where what is kept begins: as early as it fits, and at the latest with the last reply. */
function cutOf(items: readonly Item[], end: number): number {
  let kept = 0;
  let cut = 0;
  for (let at = end - 1; at > 0; at -= 1) {
    const item = items[at];
    if (item === undefined) continue;
    kept += sizeOf(item);
    if (cut !== 0 && kept > KEPT) break;
    if (item.kind === 'reply' || (item.kind === 'input' && cut !== 0)) cut = at;
  }
  return cut;
}

function sizeOf(item: Item): number {
  return item.kind === 'reply' ? item.text.length + JSON.stringify(item.calls).length : item.text.length;
}

/**
 * Messages of the program word for word; of each look only tool, what it was about, evidence id and outcome; the rest as
 * counts. Nothing that a tool or a model said, as what may be sent of it is decided by its source.
 */
function summaryOf(old: readonly Item[]): Item {
  const calls = new Map(
    old.flatMap((item) =>
      item.kind === 'reply' ? item.calls.map((call) => [call.id, call.args] as const) : [],
    ),
  );
  const lines: string[] = [];
  const others = new Map<string, number>();
  for (const item of old) {
    if (item.kind === 'input') lines.push(item.text);
    if (item.kind !== 'result') continue;
    const about = item.call === null ? null : aboutOf(calls.get(item.id));
    if (about !== null) lines.push(`${item.call} ${item.tool} ${about}: ${item.outcome}`);
    else {
      const name = item.outcome === 'refused' ? 'calls refused' : `${item.tool} ${item.outcome}`;
      others.set(name, (others.get(name) ?? 0) + 1);
    }
  }
  const counts = [...others].map(([name, count]) => `${count} x ${name}`);
  const text = [FIRST_LINE, ...lines, ...counts].join('\n');
  const summary: Item = { kind: 'input', source: 'summary', value: null, text };
  hidden.set(summary, old);
  return summary;
}

/** References and enums of a call's arguments; null for one that is not a look at a service. */
function aboutOf(args: unknown): string | null {
  const { service, signal }: { service?: unknown; signal?: unknown } = Object(args);
  const ref = ServiceRef.safeParse(service);
  const name = SignalName.safeParse(signal);
  return ref.success ? [ref.data, ...(name.success ? [name.data] : [])].join(' ') : null;
}
