import { z } from 'zod';
import { sha256 } from '#core/hash.ts';
import { Severity } from '#incidents/vocabulary.ts';
import type { Gap } from '../drivers/ports.ts';
import type { NoteTool } from '../tool.ts';

/** Says something where people look when Slack does not take it; `told` only after the other side took it. */
export type Fallback = {
  say(text: string, signal: AbortSignal): Promise<{ readonly kind: 'told' } | Gap>;
};

const Args = z.strictObject({
  about: z.literal('fallback'),
  severity: Severity,
  text: z.string().min(1).max(1000),
});

/** Tells people another way than Slack about an incident. That they were told is the outcome of the call. */
export function fallbackTool(fallback: Fallback): NoteTool<z.infer<typeof Args>> {
  return {
    kind: 'note',
    name: 'page_fallback',
    version: 1,
    tier: 'R1',
    description: 'Tells people about the incident where they look when Slack fails.',
    args: Args,
    deadlineMs: 15_000,
    record: ({ text, ...args }) => ({ ...args, chars: text.length, sha256: sha256(text) }),
    perform: async ({ text }, { caller, signal }) => {
      if (caller.kind === 'agent') return { kind: 'gap', reason: 'refused', detail: 'not for agents' };
      const told = await fallback.say(text, signal);
      return told.kind === 'told' ? { kind: 'ok', value: { done: 'told' }, text } : told;
    },
  };
}
