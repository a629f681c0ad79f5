import { z } from 'zod';
import { sha256 } from '#core/hash.ts';
import { PageRef } from '#incidents/alert.ts';
import type { Caller } from '#incidents/caller.ts';
import type { Incident } from '#incidents/incident.ts';
import type { IncidentFold } from '#incidents/incident-fold.ts';
import { heldBackUntil, isTold, NoticeTopic } from '#incidents/notices.ts';
import { Severity } from '#incidents/vocabulary.ts';
import type { Pager, Told } from '../drivers/pager.ts';
import type { GapReason } from '../drivers/ports.ts';
import type { NoteContext, NoteTool, ToolResult } from '../tool.ts';

export type PageDeps = { readonly pager: Pager; readonly incidents: IncidentFold };

const DEADLINE_MS = 15_000;
const Page = z.strictObject({ page: PageRef });
const Text = z.string().min(1).max(1000);
/** `ref`: which one of them, for example an approval. */
const NoteArgs = Page.extend({
  about: NoticeTopic,
  ref: z
    .string()
    .regex(/^[A-Za-z0-9-]{1,40}$/)
    .nullable(),
  severity: Severity,
  text: Text,
});
/** Null: the page that we made ourselves. */
const ResolveArgs = z.strictObject({ page: PageRef.nullable() });
const EscalateArgs = Page.extend({ rung: z.int().min(1).max(20) });
const TriggerArgs = z.strictObject({ about: NoticeTopic, severity: Severity, text: Text });

/**
 * What the paging system can be told about the pages of an incident. Only the product's own code and people tell it, and
 * only about pages that belong to the incident. That it was told is the outcome of the call, nothing else.
 */
export function createPageTools(deps: PageDeps): readonly NoteTool[] {
  return [acknowledgeTool(deps), noteTool(deps), resolveTool(deps), escalateTool(deps), triggerTool(deps)];
}

function acknowledgeTool(deps: PageDeps): NoteTool<z.infer<typeof Page>> {
  return {
    ...common,
    name: 'page_acknowledge',
    description: 'Tells the paging system that a person has seen the page.',
    args: Page,
    perform: ({ page }, context) =>
      about(deps, { page, context }, async (incident) => {
        const seen = incident.takenBy ?? incident.acknowledgedBy;
        if (seen === null && context.caller.kind !== 'person') return no('refused', 'nobody has seen it');
        return done(await deps.pager.acknowledge(page, context.signal), 'acknowledged');
      }),
  };
}

function noteTool(deps: PageDeps): NoteTool<z.infer<typeof NoteArgs>> {
  return {
    ...common,
    name: 'page_note',
    description: 'Adds a note to the page, for whoever opens it there.',
    args: NoteArgs,
    record: ({ text, ...args }) => ({ ...args, chars: text.length, sha256: sha256(text) }),
    perform: ({ page, text, ...args }, context) =>
      about(deps, { page, context }, async (incident) => {
        const wanted = { ...args, page, call: context.call, tool: 'page_note' };
        const held = heldBackUntil(incident.notices, wanted, context.clock.now());
        if (held !== null)
          return no('held_back', 'the page has a note about this that is not half an hour old');
        return done(await deps.pager.note(page, text, context.signal), text);
      }),
  };
}

function resolveTool(deps: PageDeps): NoteTool<z.infer<typeof ResolveArgs>> {
  return {
    ...common,
    name: 'page_resolve',
    description: 'Closes the page, after a verified recovery or when a person closed the incident.',
    args: ResolveArgs,
    perform: ({ page }, context) =>
      page === null
        ? withdraw(deps, context)
        : about(deps, { page, context }, async (incident) => {
            if (!mayResolvePage(incident))
              return no('refused', 'neither a verified recovery nor a person closed it');
            return done(await deps.pager.resolve(page, context.signal), 'resolved');
          }),
  };
}

function escalateTool(deps: PageDeps): NoteTool<z.infer<typeof EscalateArgs>> {
  return {
    ...common,
    name: 'page_escalate',
    description: 'Asks the next people of the page’s own escalation policy, once for each rung.',
    args: EscalateArgs,
    perform: ({ page, rung }, context) =>
      about(deps, { page, context }, async (incident) => {
        const asked = incident.notices.some(
          (one) =>
            one.tool === 'page_escalate' &&
            one.call !== context.call &&
            one.page === page &&
            one.rung === rung &&
            isTold(one),
        );
        if (asked) return no('held_back', 'these people were asked already');
        // The first rung is whoever was paged, so the next is the second level.
        return done(await deps.pager.escalate(page, rung + 1, context.signal), `asked rung ${rung}`);
      }),
  };
}

function triggerTool({ pager, incidents }: PageDeps): NoteTool<z.infer<typeof TriggerArgs>> {
  return {
    ...common,
    name: 'page_trigger',
    description: 'Pages people itself, where they could not be reached otherwise.',
    args: TriggerArgs,
    record: ({ text, ...args }) => ({ ...args, chars: text.length, sha256: sha256(text) }),
    perform: async ({ text, ...args }, { caller, call, clock, signal }) => {
      const incident = mine(incidents, caller);
      if (typeof incident === 'string') return no('refused', incident);
      const wanted = { ...args, page: null, call, tool: 'page_trigger' };
      if (heldBackUntil(incident.notices, wanted, clock.now()) !== null)
        return no('held_back', 'people were paged about this within half an hour');
      const key = keyOf(incident);
      return done(await pager.trigger({ key, severity: args.severity, summary: text }, signal), text);
    },
  };
}

/** What we page ourselves is over when the incident is. */
async function withdraw(
  { pager, incidents }: PageDeps,
  { caller, signal }: NoteContext & { readonly signal: AbortSignal },
): Promise<ToolResult> {
  const incident = mine(incidents, caller);
  if (typeof incident === 'string') return no('refused', incident);
  if (incident.resolved === null) return no('refused', 'the incident is open');
  return done(await pager.withdraw(keyOf(incident), signal), 'resolved');
}

/** One page of our own for each incident; what has such a key is not taken for news when it comes back. */
const keyOf = ({ id }: Incident): string => `firebreak/${id}`;

const common = { kind: 'note', version: 1, tier: 'R1', deadlineMs: DEADLINE_MS } as const;

/** Whether the page may be closed: what was changed has verifiably helped, or a person says that it is over. */
export function mayResolvePage({ resolved, verified }: Incident): boolean {
  if (resolved === null) return false;
  const byPerson = resolved.by !== 'firebreak' && !resolved.by.startsWith('agent:');
  if (resolved.resolution === 'recovered') return verified;
  return byPerson && (resolved.resolution === 'by_hand' || resolved.resolution === 'nothing_wrong');
}

async function about(
  { incidents }: PageDeps,
  { page, context }: { page: string; context: NoteContext },
  tell: (incident: Incident) => Promise<ToolResult>,
): Promise<ToolResult> {
  const incident = mine(incidents, context.caller);
  if (typeof incident === 'string') return no('refused', incident);
  const isOne = incident.alerts.some((alert) => alert.page === page);
  return isOne ? tell(incident) : no('refused', 'not a page of this incident');
}

/** The incident of the caller, or why they may not speak about it. */
function mine(incidents: IncidentFold, caller: Caller): Incident | string {
  if (caller.kind === 'agent') return 'no agent speaks to the paging system';
  return incidents.get(caller.incident) ?? 'no such incident';
}

function done(told: Told, text: string): ToolResult {
  if (told.kind === 'gap') return told;
  const facts = { already: told.already };
  return { kind: 'ok', value: facts, text, facts };
}

function no(reason: GapReason, detail: string): ToolResult {
  return { kind: 'gap', reason, detail };
}
