import { appendFile, readFile, writeFile } from 'node:fs/promises';
import type { JsonValue } from '#core/canonical.ts';
import { sha256 } from '#core/hash.ts';
import type { Secret } from '#core/secret.ts';
import { Asked, CASSETTE_HEAD, type CassetteEntry, cassetteLine, parseCassette, Taped } from './cassette.ts';
import type { Item } from './model.ts';
import type { Attempt, Provider, ProviderRequest } from './provider.ts';
import { createScrub, type Scrub, scrubbed } from './scrub.ts';

export type RecordOptions = { readonly file: string; readonly secrets: readonly Secret[] };

/**
 * Asks a real provider and writes what it answers to a new cassette, readable by the owner only. An attempt that we broke
 * off is not written. Throws when the file is there already or cannot be written: what was paid for must not get lost.
 */
export async function recordTo(provider: Provider, { file, secrets }: RecordOptions): Promise<Provider> {
  await writeFile(file, CASSETTE_HEAD, { flag: 'wx', mode: 0o600 });
  const scrub = createScrub(secrets);
  let written: Promise<void> = Promise.resolve();
  return {
    name: provider.name,
    attempt: async (request, signal) => {
      const attempt = await provider.attempt(request, signal);
      const taped = tapedOf(attempt);
      if (taped === null) return attempt;
      const { asked, plain } = readRequest(request, scrub);
      const line = cassetteLine({ asked, attempt: mapTexts(taped, (text) => plain(scrub(text)), scrub) });
      written = written.then(() => appendFile(file, line));
      await written;
      return attempt;
    },
  };
}

/** A request that the cassette does not know, and what about it is new. */
export type Drift = {
  readonly model: string;
  /** `item 3` counts from 1 and is the first one that differs; `repeated` was asked more often than it was recorded. */
  readonly differs: 'model' | 'head' | 'tools' | 'limits' | `item ${number}` | 'empty' | 'repeated';
  /** Items of the request, and of the recorded request that comes nearest. */
  readonly items: number;
  readonly nearest: number;
};

export type ReplayOptions = {
  readonly name: string;
  readonly file: string;
  readonly secrets: readonly Secret[];
  readonly onDrift: (drift: Drift) => void;
};

/**
 * A provider that answers from a cassette and never from a network. Equal requests get their answers in the order in which
 * they were recorded. What is not on the cassette fails as `rejected` and is told to `onDrift`. Throws FirebreakError when
 * the file is no cassette.
 */
export async function replayFrom({ name, file, secrets, onDrift }: ReplayOptions): Promise<Provider> {
  const entries = parseCassette(await readFile(file, 'utf8'));
  const byKey = new Map<string, CassetteEntry[]>();
  for (const entry of entries)
    byKey.set(keyOf(entry.asked), [...(byKey.get(keyOf(entry.asked)) ?? []), entry]);
  const scrub = createScrub(secrets);
  return {
    name,
    attempt: async (request, signal) => {
      if (signal.aborted) return failed('aborted');
      const { asked, own } = readRequest(request, scrub);
      const next = byKey.get(keyOf(asked))?.shift();
      if (next === undefined) {
        onDrift(driftOf(request, asked, entries));
        return failed('rejected');
      }
      const attempt = mapTexts(next.attempt, own, own);
      return attempt.kind === 'reply' ? { ...attempt, recorded: true } : { ...attempt, tokens: NOTHING };
    },
  };
}

const NOTHING = { input: 0, cacheRead: 0, cacheWrite: 0, output: 0 };

function failed(reason: 'aborted' | 'rejected'): Attempt {
  return { kind: 'failed', reason, status: null, retryAfterMs: null, tokens: NOTHING };
}

function tapedOf(attempt: Attempt): Taped | null {
  if (attempt.kind === 'failed' && attempt.reason === 'aborted') return null;
  return Taped.parse(attempt);
}

const keyOf = (asked: Asked): string => sha256(JSON.stringify(Asked.parse(asked)));

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;

type Read = {
  readonly asked: Asked;
  /** Random ids of this request to their place in it, and back. */
  readonly plain: Scrub;
  readonly own: Scrub;
};

/** The request as a cassette knows it: scrubbed, with its random ids by order of appearance. */
function readRequest(request: ProviderRequest, scrub: Scrub): Read {
  const ids: string[] = [];
  const plain: Scrub = (text) =>
    text.replace(UUID, (id) => {
      if (!ids.includes(id)) ids.push(id);
      return `uuid-${ids.indexOf(id) + 1}`;
    });
  const own: Scrub = (text) => text.replace(/\buuid-(\d+)\b/g, (whole, at) => ids[Number(at) - 1] ?? whole);
  const digest = (value: JsonValue) => sha256(JSON.stringify(scrubbed(value, (text) => plain(scrub(text)))));
  const { model, head, tools, items, maxOutputTokens, mustCall } = request;
  const asked = {
    model: digest(model),
    head: digest(head),
    tools: digest(tools.map(({ name, description, schema }) => [name, description, schema])),
    limits: digest([maxOutputTokens, mustCall]),
    items: items.map((item) => digest(sentOf(item))),
  };
  return { asked, plain, own };
}

/** What of an item goes to a provider; `value` does not. */
function sentOf(item: Item): JsonValue {
  switch (item.kind) {
    case 'input':
      return [item.kind, item.source, item.text];
    case 'reply':
      return [item.kind, item.text, item.calls.map(({ id, tool, args }) => [id, tool, args])];
    case 'result':
      return [item.kind, item.id, item.call, item.tool, item.outcome, item.text];
  }
}

function mapTexts(attempt: Taped, text: Scrub, name: Scrub): Taped {
  if (attempt.kind === 'failed') return attempt;
  const calls = attempt.calls.map(({ id, tool, args }) => ({
    id: name(id),
    tool: name(tool),
    args: scrubbed(args, text),
  }));
  return Taped.parse({ ...attempt, text: text(attempt.text), calls });
}

/** What is new about a request, measured at the recorded one that shares most of its beginning. */
function driftOf({ model }: ProviderRequest, asked: Asked, entries: readonly CassetteEntry[]): Drift {
  const near = entries
    .map((entry) => ({ recorded: entry.asked, shared: sharedOf(entry.asked, asked) }))
    .toSorted((a, b) => b.shared - a.shared)[0];
  const items = asked.items.length;
  if (near === undefined) return { model, differs: 'empty', items, nearest: 0 };
  return { model, differs: differenceOf(near.recorded, asked), items, nearest: near.recorded.items.length };
}

const PARTS = ['model', 'head', 'tools', 'limits'] as const;

/** Equal parts count before equal items. */
function sharedOf(recorded: Asked, asked: Asked): number {
  const parts = PARTS.filter((part) => recorded[part] === asked[part]).length;
  return parts * 10_000 + commonItems(recorded, asked);
}

function commonItems(recorded: Asked, asked: Asked): number {
  const at = asked.items.findIndex((item, index) => item !== recorded.items[index]);
  return at === -1 ? asked.items.length : at;
}

function differenceOf(recorded: Asked, asked: Asked): Drift['differs'] {
  const part = PARTS.find((one) => recorded[one] !== asked[one]);
  if (part !== undefined) return part;
  const common = commonItems(recorded, asked);
  const isEqual = common === asked.items.length && common === recorded.items.length;
  return isEqual ? 'repeated' : `item ${common + 1}`;
}
