import { commandsPage } from '#cli/commands-page.ts';
import { buildProgram } from '#cli/program.ts';
import { FakeClock } from './fakes/fake-clock.ts';

/** Where the page lies. */
export const COMMANDS_PAGE = 'docs/commands.md';

/** The page as it must be: made from the commands, of which none is run. */
export function freshCommandsPage(): string {
  const context = {
    ...{
      clock: new FakeClock(),
      zone: 'UTC',
      prompt: null,
      colours: false,
      cwd: '/',
      home: '/',
      token: undefined,
    },
    ...{ out: () => {}, err: () => {}, stdin: async () => '', interrupted: async () => {} },
  };
  return commandsPage(buildProgram({ context, settle: async () => {} }));
}

/** What is wrong with the page that is there. */
export function checkCommandsPage(page: string): string[] {
  return page === freshCommandsPage()
    ? []
    : [`${COMMANDS_PAGE} is not what the commands are: npm exec -- node tests/write-commands.ts writes it`];
}
