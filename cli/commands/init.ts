import { basename, dirname } from 'node:path';
import { realRandom } from '#core/clock.ts';
import { FirebreakError } from '#core/errors.ts';
import { PersonId } from '#core/ids.ts';
import { createHttpGet } from '#intake/http-get.ts';
import { wrap } from '#views/table.ts';
import type { Common, Context, Outcome } from '../context.ts';
import { configPath } from '../data-dir.ts';

export type InitFlags = Common & {
  readonly person?: string;
  readonly team?: string;
  readonly environment?: string;
  /** Sends a page instead of writing a config. */
  readonly testPage?: boolean;
};

/** Writes a first config, never over another one, and shows the personal token once. */
export async function init(options: InitFlags, context: Context): Promise<Outcome> {
  const [{ initConfig }, { findLocal, LOCAL_ADDRESSES }, { CONFIG_NAME }] = await Promise.all([
    import('#server/init.ts'),
    import('#server/local-finds.ts'),
    import('#server/config.ts'),
  ]);
  const path = configPath(options, context);
  if (basename(path) !== CONFIG_NAME)
    throw new FirebreakError(
      'usage',
      `the config is always called ${CONFIG_NAME}; name its folder with --config FOLDER/${CONFIG_NAME}`,
    );
  const person = await nameOf('person', {
    given: options.person,
    question: 'Your name as a person id (like alice):',
    context,
  });
  const team = await nameOf('team', {
    given: options.team,
    question: 'Your team (like team-shop):',
    context,
  });
  const environment = await nameOf('environment', {
    given: options.environment ?? 'prod',
    question: '',
    context,
  });
  const found = await findLocal(createHttpGet(...LOCAL_ADDRESSES), context.clock);
  const made = initConfig({
    dir: dirname(path),
    environment,
    team: { id: team, name: team },
    person: { id: person, name: person },
    found,
    random: realRandom,
  });
  const seen = Object.entries(found).map(([name, place]) => `${name}: ${place ?? 'not found'}`);
  const lines = [
    `wrote ${made.config}`,
    'every service starts in mode observe, so nothing is changed',
    ...wrap(`found on this machine: ${seen.join(', ')}`),
    '',
    'your personal token, shown only now; keep it in FIREBREAK_TOKEN, or in',
    '~/.config/firebreak/token (chmod 600):',
    made.personToken,
    '',
    'for the Alertmanager, add to alertmanager.yml (its token is in the file named',
    'there):',
    ...made.receiver.trimEnd().split('\n'),
    '',
    'next: fill in your services, then',
    '  firebreak doctor             what is wrong or missing, and how to fix it',
    '  firebreak serve              starts it',
    '  firebreak init --test-page   sends a harmless page, to see that pages arrive',
  ];
  return { lines, json: { ...made, found } };
}

type Wanted = { readonly given: string | undefined; readonly question: string; readonly context: Context };

async function nameOf(what: string, { given, question, context }: Wanted): Promise<string> {
  const answer = given ?? (await context.prompt?.text(question));
  if (answer === undefined)
    throw new FirebreakError('usage', `there is no ${what}: give it with --${what} NAME`);
  const name = PersonId.safeParse(answer.trim());
  if (name.success) return name.data;
  throw new FirebreakError(
    'usage',
    `--${what}: a name has lower-case letters, digits, ".", "_" and "-", and starts with a letter`,
  );
}
