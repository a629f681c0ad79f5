import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Context, Prompt } from '#cli/context.ts';
import { runCli } from '#cli/run.ts';
import { FakeClock } from '../fakes/fake-clock.ts';

export type Ran = { readonly exit: number; readonly out: string[]; readonly err: string[] };

/** A place where commands run, with an empty data directory of its own. */
export type Place = Disposable & {
  readonly dir: string;
  readonly data: string;
  run(argv: readonly string[], over?: Partial<Context>): Promise<Ran>;
};

export function aPlace(): Place {
  const dir = mkdtempSync(join(tmpdir(), 'firebreak-cli-'));
  return {
    dir,
    data: join(dir, '.firebreak'),
    run: async (argv, over = {}) => {
      const ran: Ran & { exit: number } = { exit: 0, out: [], err: [] };
      const context: Context = {
        clock: new FakeClock(),
        zone: 'UTC',
        prompt: null,
        colours: false,
        cwd: dir,
        home: dir,
        token: undefined,
        out: (line) => ran.out.push(line),
        err: (line) => ran.err.push(line),
        stdin: async () => '',
        interrupted: async () => undefined,
        ...over,
      };
      ran.exit = await runCli(argv, context);
      return ran;
    },
    [Symbol.dispose]: () => rmSync(dir, { recursive: true, force: true }),
  };
}

/** A person who gives these answers. */
export function answering(yes: boolean, text?: string): Prompt & { readonly asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    confirm: async (question) => {
      asked.push(question);
      return yes;
    },
    text: async (question) => {
      asked.push(question);
      return text;
    },
  };
}
