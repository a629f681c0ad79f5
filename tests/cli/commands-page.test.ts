import { Command } from 'commander';
import { expect, test } from 'vitest';
import { commandsPage } from '#cli/commands-page.ts';
import { checkCommandsPage, freshCommandsPage } from '../commands-page.ts';
import { aPlace, type Place } from './a-context.ts';

test('every command, place and option that --help tells of is on the page', async () => {
  using place = aPlace();
  const page = freshCommandsPage();
  const names = await leafNames(place, []);
  expect(names.length).toBeGreaterThan(35);
  for (const name of names) {
    const help = await helpOf(place, name.split(' '));
    const usage = /^Usage: (.+?) \[options\](.*)$/m.exec(help);
    expect(page).toContain(`### \`${usage?.[1]}${usage?.[2]}\`\n`);
    for (const [, flag = ''] of help.matchAll(/^ {2}(-\S.*?)(?: {2}|$)/gm)) {
      if (!flag.includes('--help')) expect(page).toContain(`| \`${flag}\` |`);
    }
  }
});

test('a page with a line less or another word is not up to date', () => {
  const page = freshCommandsPage();
  expect(checkCommandsPage(page)).toEqual([]);
  expect(checkCommandsPage(page.replace('| `--json` | end', '| `--json` | ends'))).toHaveLength(1);
  expect(checkCommandsPage(page.split('\n').slice(0, -2).join('\n'))).toHaveLength(1);
});

test('what is said of the exit codes of a command that is gone is a mistake', () => {
  expect(() => commandsPage(new Command('firebreak'))).toThrow('no such command: approvals approve');
});

async function helpOf({ run }: Place, path: readonly string[]): Promise<string> {
  return (await run([...path, '--help'])).out.join('\n');
}

/** Names of all commands that hold no others, found by asking each for help. */
async function leafNames(place: Place, path: readonly string[]): Promise<string[]> {
  const [, listed = ''] = (await helpOf(place, path)).split('\nCommands:\n');
  const names = [...listed.matchAll(/^ {2}([a-z][a-z-]*)/gm)].map(([, name = '']) => name);
  if (names.length === 0) return [path.join(' ')];
  return (await Promise.all(names.map((name) => leafNames(place, [...path, name])))).flat();
}
