import { z } from 'zod';
import type { Log } from '#audit/log.ts';
import { CallId } from '#core/ids.ts';
import type { NoteContext, SessionTool, ToolResult } from '#tools/tool.ts';
import { decodeToolContent } from './items.ts';
import type { SessionsFold } from './sessions-fold.ts';

/** Most characters in one answer, so that it is shown whole. */
const MOST = 3_500;

const Args = z.strictObject({
  call: CallId,
  from: z.int().min(0).max(1_000_000),
  length: z.int().min(1).max(MOST),
});
type Args = z.infer<typeof Args>;

export type EvidenceReadDeps = { readonly log: Log; readonly fold: SessionsFold };

/**
 * `evidence_read`: a range of what a look of this incident answered, from the log. Only looks that answered; nothing of
 * another incident, and no look is made. What it gives is no evidence itself: the id that was asked for is cited.
 */
export function evidenceReadTool(deps: EvidenceReadDeps): SessionTool<Args> {
  return {
    kind: 'session',
    tier: 'R0',
    name: 'evidence_read',
    version: 1,
    description: 'Reads on in a long result, or again in an earlier one, by its evidence id.',
    args: Args,
    deadlineMs: 5_000,
    perform: (args, context) => read(deps, args, context),
  };
}

async function read(
  { log, fold }: EvidenceReadDeps,
  { call, from, length }: Args,
  { caller }: NoteContext,
): Promise<ToolResult> {
  const { incident } = caller;
  const look = fold.evidence(incident).find((one) => one.call === call);
  const ref = look === undefined ? undefined : fold.content(incident, call);
  if (look === undefined || ref === undefined)
    return { kind: 'gap', reason: 'no_data', detail: `${call} is no look of this incident that answered` };
  const bytes = await log.payload(incident, ref);
  const content = bytes === undefined ? undefined : decodeToolContent(bytes);
  if (content === undefined)
    return { kind: 'gap', reason: 'no_data', detail: `what ${call} answered is not kept any more` };
  const total = content.text.length;
  const end = Math.min(total, from + length);
  const text = content.text.slice(from, end).toWellFormed();
  return {
    kind: 'ok',
    value: { call, from, total, text },
    text: `${call} ${look.tool}, characters ${Math.min(from, total)} to ${end} of ${total}\n${text}`,
    facts: { call, from, total },
  };
}
