import type { Digest } from '#core/ids.ts';
import { shortForeign } from '../http-text.ts';
import type { Gap } from '../seen.ts';
import type { Definition } from './definition.ts';
import type { McpTool } from './settings.ts';

/**
 * Whether a mounted tool may be asked:
 *
 *     unseen -> ready | unlisted | unpinned       by each list of the server
 *     any of these -> drifted | changes | ambiguous   for the rest of this start, whatever later lists say
 */
export type Standing = {
  readonly kind: 'unseen' | 'ready' | 'unlisted' | 'unpinned' | 'drifted' | 'changes' | 'ambiguous';
  /** Digest of the definition that the server gives now; null where there is none. */
  readonly seen: Digest | null;
};

export const UNSEEN: Standing = { kind: 'unseen', seen: null };

/** Those that no later list takes back: who changed a definition once has shown that a look at it is worth nothing. */
const LASTING: ReadonlySet<Standing['kind']> = new Set(['drifted', 'changes', 'ambiguous']);

/** The next standing of a tool by what the server lists now. Pure. */
export function standingAfter(
  before: Standing,
  { tool, definition }: Pick<McpTool, 'tool' | 'definition'>,
  listed: readonly Definition[],
): Standing {
  if (LASTING.has(before.kind)) return before;
  const found = listed.filter(({ name }) => name === tool);
  const [only] = found;
  if (only === undefined) return { kind: 'unlisted', seen: null };
  const seen = only.digest;
  if (found.length > 1) return { kind: 'ambiguous', seen };
  if (only.says === 'changes') return { kind: 'changes', seen };
  if (definition === null) return { kind: 'unpinned', seen };
  return { kind: definition === seen ? 'ready' : 'drifted', seen };
}

const WORDS: Readonly<Record<Exclude<Standing['kind'], 'ready'>, string>> = {
  unseen: 'is not known yet: the server was not reached',
  unlisted: 'is not listed by the server',
  unpinned: 'has no definition in the config: look at it with firebreak mcp pin, then write down',
  drifted: 'has another definition than the config names; it stays off until a restart',
  changes: 'may change things, by what the server says; it stays off',
  ambiguous: 'is listed more than once; it stays off until a restart',
};

/** Why a tool is off, as one line without its name; null where it is on. */
export function standingWords({ kind, seen }: Standing): string | null {
  if (kind === 'ready') return null;
  return kind === 'unpinned' ? `${WORDS[kind]} definition: sha256:${seen}` : WORDS[kind];
}

/** What a look at a tool that is off gives; null where it is on. */
export function gapOfStanding(tool: string, standing: Standing): Gap | null {
  const words = standingWords(standing);
  if (words === null) return null;
  const reasons = {
    unseen: 'unreachable',
    unlisted: 'no_data',
    unpinned: 'not_configured',
    drifted: 'drifted',
    changes: 'refused',
    ambiguous: 'drifted',
    ready: 'no_data',
  } as const;
  return { kind: 'gap', reason: reasons[standing.kind], detail: `${shortForeign(tool)} ${words}` };
}
