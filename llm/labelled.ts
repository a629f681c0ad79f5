import { fence } from './fence.ts';
import type { Item } from './model.ts';

type Input = Extract<Item, { kind: 'input' }>;
type Result = Extract<Item, { kind: 'result' }>;

/** A message of the program as every provider gets it. */
export function labelledInput({ source, text }: Input): string {
  return fence(`${source} from the program`, text);
}

/** What a tool gave as every provider gets it; `evidence` is what a claim cites. */
export function labelledResult({ tool, outcome, call, text }: Result): string {
  return fence(`result of ${nameOf(tool)}, outcome ${outcome}, evidence ${call ?? 'none'}`, text);
}

/** Whether a provider should be told that the call went wrong; a gap is an answer. */
export function isError({ outcome }: Result): boolean {
  return outcome === 'failed' || outcome === 'refused' || outcome === 'unknown';
}

/** A model may ask for a tool of any name; only a plain one may stand in a label. */
function nameOf(tool: string): string {
  return /^[A-Za-z0-9_.:-]{1,120}$/.test(tool) ? tool : 'unnamed';
}
