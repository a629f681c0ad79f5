import type { KnownBlock } from '@slack/types';
import type { SlackMessage } from '#slack/ports.ts';

/** Every text of a message that people see, outermost first. */
export function textsOf(message: SlackMessage): string[] {
  return [message.text, ...blockTexts(message.blocks)];
}

export function blockTexts(blocks: readonly KnownBlock[]): string[] {
  return blocks.flatMap((block) => {
    if (block.type === 'section') return block.text === undefined ? [] : [block.text.text];
    if (block.type === 'context')
      return block.elements.flatMap((element) => ('text' in element ? [element.text] : []));
    if (block.type === 'actions')
      return block.elements.flatMap((element) => (element.type === 'button' ? [element.text.text] : []));
    return [];
  });
}

/** `action_id`s of the buttons, in order. */
export function actionsOf(blocks: readonly KnownBlock[]): string[] {
  return buttonsOf(blocks).map(({ action }) => action);
}

export function buttonsOf(blocks: readonly KnownBlock[]): { action: string; value: string; text: string }[] {
  return blocks.flatMap((block) =>
    block.type !== 'actions'
      ? []
      : block.elements.flatMap((element) =>
          element.type === 'button'
            ? [{ action: element.action_id ?? '', value: element.value ?? '', text: element.text.text }]
            : [],
        ),
  );
}

/** What Slack would refuse in a message, one line each; empty when it would take it. */
export function overLimits({ text, blocks }: SlackMessage): string[] {
  const wrong: string[] = [];
  if (text === '' || text.length > 3000) wrong.push(`text of ${text.length}`);
  if (blocks.length > 50) wrong.push(`${blocks.length} blocks`);
  for (const one of blockTexts(blocks))
    if (one === '' || one.length > 3000) wrong.push(`block text of ${one.length}`);
  for (const { action, value, text: name } of buttonsOf(blocks))
    if (action === '' || action.length > 255 || value.length > 2000 || name.length > 75)
      wrong.push(`button ${action}`);
  return wrong;
}

/** Everything between `<` and `>` that Slack would read as its own. */
export function specials(text: string): string[] {
  return [...text.matchAll(/<([^<>]*)>/g)].map((match) => match[1] ?? '');
}

/** What is left of a text once our own times and mentions of `users` are taken out. */
export function withoutOurs(text: string, users: readonly string[] = []): string {
  return users
    .reduce((rest, user) => rest.replaceAll(`<@${user}>`, ''), text)
    .replace(/<!date\^\d+\^(?:\{(?:time|ago|date_short_pretty)\} ?)+\|[-\d:+ a-z]+>/g, '');
}
