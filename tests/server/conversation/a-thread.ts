import type { Person } from '#approvals/people.ts';
import type { IncidentId } from '#core/ids.ts';
import { fact, SYSTEM } from '#incidents/entry.ts';
import { NOTHING_QUIET } from '#incidents/quiet.ts';
import { createAdmit } from '#server/conversation/admit.ts';
import { createConversation } from '#server/conversation.ts';
import { createRequestLimits } from '#server/http-limits.ts';
import type { Answer, Place, Pressed, Speaker } from '#slack/ports.ts';
import type { InProcess } from '#tests/journeys/in-process.ts';
import { actDeps, INC1 } from '../acts/a-shift.ts';

export const THREAD = '1767582700.000100';
export const here: Place = { team: 'T1', channel: 'C0SHOP', thread: THREAD };

/** Somebody whom the config does not know. */
export const stranger: Speaker = { team: 'T1', user: 'U999', person: null };
export const as = ({ id }: Person): Speaker => ({ team: 'T1', user: `U${id.toUpperCase()}`, person: id });

/** Binds the incident to a thread, as its card does when it is posted. */
export async function bind(run: InProcess, place = here, incident: IncidentId = INC1): Promise<void> {
  const { team, channel, thread } = place;
  const body = { surface: 'slack', team, channel, thread: thread ?? '' } as const;
  await run.log.append([fact('thread.bound', body, { actor: SYSTEM, traceId: incident, incident })]);
}

export type Thread = {
  /** Says something in the thread of the incident, or elsewhere; gives the answer. */
  say(who: Speaker, text: string, over?: { place?: Place; message?: string }): Promise<Answer | null>;
  press(who: Speaker, verb: Pressed['verb'], fields?: Pressed['fields']): Promise<Answer>;
  command(who: Speaker, text: string): Promise<Answer>;
  readonly moved: string[];
};

/** What people can say to a product in one process. */
export function threadOf(run: InProcess, over: { offFile?: () => boolean } = {}): Thread {
  const moved: string[] = [];
  const { log, folds, clock } = run;
  const { onMessage, onPressed, onCommand } = createConversation({
    ...actDeps(run),
    log,
    folds,
    clock,
    quiet: NOTHING_QUIET,
    admit: createAdmit({ limits: createRequestLimits({ fold: folds.personRequests, clock }), log }),
    zone: 'UTC',
    offFile: over.offFile ?? (() => false),
    ask: run.firebreak.ask,
    contactOf: (id) => ({ name: id, account: id === 'alice' ? null : `U0${id.toUpperCase()}` }),
    move: async (incident, channel) => {
      moved.push(`${incident} ${channel}`);
      return 'posted';
    },
  });
  let count = 0;
  return {
    moved,
    say: (who, text, { place = here, message } = {}) => {
      count += 1;
      return onMessage({
        who,
        place,
        text,
        message: message ?? `1767582800.${String(count).padStart(6, '0')}`,
      });
    },
    press: (who, verb, fields = {}) => onPressed({ who, place: here, incident: INC1, verb, fields }),
    command: (who, text) => onCommand({ who, place: { ...here, thread: null }, text }),
  };
}

/** All that an answer shows, as one text. */
export function textOf(answer: Answer | null): string {
  return (answer?.blocks ?? [])
    .flatMap((block) => (block.type === 'section' ? [block.text?.text ?? ''] : []))
    .join('\n');
}

/** Values of the buttons of an answer. */
export function buttonsOf(answer: Answer | null): string[] {
  return (answer?.blocks ?? []).flatMap((block) =>
    block.type === 'actions'
      ? block.elements.flatMap((element) =>
          'value' in element ? [`${element.action_id} ${element.value}`] : [],
        )
      : [],
  );
}
