import type { Prompt } from './context.ts';

/** Asks on the terminal; on standard error, so that results stay alone on standard output. Loaded when it is used. */
export const terminalPrompt: Prompt = {
  confirm: async (question) => {
    const { confirm } = await import('@clack/prompts');
    return (await confirm({ message: question, initialValue: false, output: process.stderr })) === true;
  },
  text: async (question) => {
    const { text } = await import('@clack/prompts');
    const answer = await text({ message: question, output: process.stderr });
    return typeof answer === 'string' ? answer : undefined;
  },
};
