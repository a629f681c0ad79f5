import { z } from 'zod';
import type { Fold } from '#audit/fold.ts';
import type { Entry, Log } from '#audit/log.ts';
import type { ApprovalId, CallId, IncidentId } from '#core/ids.ts';
import { fact, readFact, SYSTEM } from '#incidents/entry.ts';

/** A call whose intent is in the log and whose outcome is not. */
export type OpenCall = {
  incident: IncidentId;
  call: CallId;
  tool: string;
  approval: ApprovalId | null;
  at: number;
};
const Saved = z.array(z.custom<OpenCall>());

/** Calls without an outcome, folded from the log: empty whenever nothing is under way. */
export class OpenCallsFold implements Fold {
  readonly name = 'open-calls';
  readonly version = 1;
  #open = new Map<string, OpenCall>();

  all(): readonly OpenCall[] {
    return [...this.#open.values()];
  }
  apply(entry: Entry): void {
    if (entry.kind !== 'tool.intended' && entry.kind !== 'tool.finished') return;
    const fact = readFact(entry);
    if (entry.incidentId === undefined || fact === undefined) return;
    if (fact.kind === 'tool.intended') {
      const { call, tool, approval } = fact.body;
      this.#open.set(`${entry.incidentId} ${call}`, {
        incident: entry.incidentId,
        call,
        tool,
        approval,
        at: entry.ts,
      });
    } else if (fact.kind === 'tool.finished') this.#open.delete(`${entry.incidentId} ${fact.body.call}`);
  }
  save(): unknown {
    return this.all();
  }
  load(state: unknown): void {
    this.#open = new Map(Saved.parse(state).map((call) => [`${call.incident} ${call.call}`, call]));
  }
  reset(): void {
    this.#open = new Map();
  }
}

/** At start-up: every call that an earlier start left open ended with an unknown outcome; none is run again. */
export async function settleOpenCalls(log: Log, calls: OpenCallsFold): Promise<readonly OpenCall[]> {
  const open = calls.all();
  for (const { incident, call, tool } of open) {
    const body = {
      call,
      tool,
      outcome: 'unknown',
      reason: 'restart',
      exitCode: null,
      durationMs: 0,
      facts: null,
    } as const;
    await log.append([fact('tool.finished', body, { actor: SYSTEM, traceId: incident, incident })]);
  }
  return open;
}
