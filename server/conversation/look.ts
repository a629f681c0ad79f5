import type { ServiceId } from '#core/ids.ts';
import type { Incident } from '#incidents/incident.ts';
import { inThread } from '#slack/answers.ts';
import { handles, words } from '#slack/cards/text.ts';
import type { Answer } from '#slack/ports.ts';
import { monitorOf, monitorWords } from '#views/look-words.ts';
import { steer } from '../acts/say.ts';
import { actDepsOf, type ConversationDeps, type Speaks } from './deps.ts';
import { said } from './said.ts';

/** Whoever asked for a look waits so long for what it finds; later it stands on the card. */
const PATIENCE_MS = 20_000;

/** Has a service looked at and says what was found, or, when that takes long, where it will stand. */
export async function lookAt(deps: ConversationDeps, about: Speaks, service: ServiceId): Promise<Answer> {
  const before = looksOf(deps, about).length;
  const acted = await steer(actDepsOf(deps), about, service);
  if (acted.kind === 'refused') return said(acted, '');
  const found = () => foundAt(looksOf(deps, about).slice(before), service);
  await untilLog(deps, () => found() !== undefined);
  const report = found();
  if (report === undefined)
    return inThread([`A monitor looks at ${service}. What it finds will stand on the card.`]);
  const { text, evidence } = monitorWords(service, report);
  return inThread([`A monitor looked at ${words(text, 600)} ${handles(evidence)}`.trimEnd()]);
}

function looksOf({ folds }: ConversationDeps, { incident }: Speaks): Incident['looks'] {
  return folds.incidents.get(incident)?.looks ?? [];
}

function foundAt(looks: Incident['looks'], service: ServiceId) {
  return looks.flatMap((look) => (look.service === service ? (monitorOf(look) ?? []) : [])).at(0);
}

/** Waits until the log has brought about something, at most for as long as people wait. */
async function untilLog({ log, clock }: ConversationDeps, isDone: () => boolean): Promise<void> {
  if (isDone()) return;
  const over = new AbortController();
  let unsubscribe = () => {};
  const happened = new Promise<void>((resolve) => {
    unsubscribe = log.subscribe(() => {
      if (isDone()) resolve();
    });
  });
  const late = clock.sleep(PATIENCE_MS, over.signal).catch(() => undefined);
  try {
    await Promise.race([happened, late]);
  } finally {
    over.abort();
    unsubscribe();
  }
}
