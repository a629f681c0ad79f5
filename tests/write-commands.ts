import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { COMMANDS_PAGE, freshCommandsPage } from './commands-page.ts';
import { root } from './tree.ts';

// `npm exec -- node tests/write-commands.ts`: the page of all commands, made anew.

writeFileSync(join(root, COMMANDS_PAGE), freshCommandsPage());
