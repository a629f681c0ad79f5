import { unreachable } from '#core/errors.ts';
import type { Answer } from '#slack/ports.ts';
import { acceptHandover, acknowledge, pause, resume, take } from '../acts/ownership.ts';
import { actDepsOf, type ConversationDeps, type Speaks } from './deps.ts';
import { said } from './said.ts';

/** Who has seen it, who has it, and whether agents work on it: done in a person's name, and said. */
export async function performOwn(
  deps: ConversationDeps,
  about: Speaks,
  verb: 'ack' | 'take' | 'pause' | 'resume' | 'accept',
): Promise<Answer> {
  const acts = actDepsOf(deps);
  const { person, incident } = about;
  switch (verb) {
    case 'ack':
      return said(
        await acknowledge(acts, about),
        `${person.id} has seen it. Agents go on; to have it yourself, say: take.`,
      );
    case 'take':
      return said(
        await take(acts, about),
        `${person.id} has ${incident}. Agents stop, and what waited is withdrawn.`,
      );
    case 'pause':
      return said(
        await pause(acts, about),
        `Paused by ${person.id}. Agents stop, what waited is withdrawn; a change that was started is watched to its end. To go on, say: resume.`,
      );
    case 'resume':
      return said(await resume(acts, about), `${person.id} lets it go on. Everything is read anew.`);
    case 'accept':
      return said(
        await acceptHandover(acts, about),
        `${person.id} has ${incident} now. Agents stay out of it.`,
      );
    default:
      return unreachable(verb);
  }
}
