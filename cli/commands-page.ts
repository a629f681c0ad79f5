import type { Argument, Command, Option } from 'commander';
import { FirebreakError } from '#core/errors.ts';

/** What exit code 1 means where it is an answer and not a failure. */
const findings: Readonly<Record<string, string>> = {
  'approvals approve': 'the answer did not count, or you were asked and did not say yes',
  'approvals deny': 'the answer did not count',
  'approvals revoke': 'the answer did not count',
  'audit archive': 'the copy was not made, or one of both does not verify',
  'audit show': 'a line cannot be read',
  'audit verify': 'a byte was changed, or it tells of something that was not allowed',
  'mcp pin': 'a server was not reached, or a tool is not as the config has it',
  'policy diff': 'the new config allows more',
  evals: 'something got worse than the baseline by more than chance',
  off: 'no Firebreak keeps its data there; the file OFF was written all the same',
};

const INTRO = `# Commands

Made from the command line itself by \`npm exec -- node tests/write-commands.ts\`; \`npm run check\` fails when it is not what is there.

In the clone the command is \`npx firebreak\`. Results go to standard output, progress and errors to standard error.
Commands that change something go to the running server on this machine; which one is written in \`server.json\` in the data
directory.

| exit code | means |
|---|---|
| 0 | fine |
| 1 | it failed, or it found something: where that is so, it says so below |
| 2 | wrong usage: nothing was done |
`;

/**
 * The page of all commands in Markdown, from the tree of commands. Throws when a command of whose exit codes something
 * is said does not exist.
 */
export function commandsPage(program: Command): string {
  const leaves = leavesOf(program, []);
  const common = commonOptions(leaves);
  const names = new Set(leaves.map(({ name }) => name));
  const unknown = Object.keys(findings).filter((name) => !names.has(name));
  if (unknown.length > 0) throw new FirebreakError('bug', `no such command: ${unknown.join(', ')}`);
  const groups = program.commands.filter((command) => command.commands.length > 0);
  const alone = leaves.filter(({ path }) => path.length === 1);
  return [
    INTRO,
    `Every command takes:\n\n${optionTable(common)}`,
    '## The server, and what stands alone\n',
    ...alone.map((leaf) => section(leaf, common)),
    ...groups.flatMap((group) => [
      `## ${group.name()}: ${group.description()}\n`,
      ...leaves.filter(({ path }) => path[0] === group.name()).map((leaf) => section(leaf, common)),
    ]),
  ]
    .join('\n')
    .replace(/\n+$/, '\n');
}

type Leaf = { readonly command: Command; readonly path: readonly string[]; readonly name: string };

function leavesOf(command: Command, path: readonly string[]): Leaf[] {
  return command.commands.flatMap((child) => {
    const at = [...path, child.name()];
    if (child.commands.length > 0) return leavesOf(child, at);
    return [{ command: child, path: at, name: at.join(' ') }];
  });
}

function commonOptions(leaves: readonly Leaf[]): readonly Option[] {
  const [first, ...others] = leaves;
  return (first?.command.options ?? []).filter((option) =>
    others.every(({ command }) =>
      command.options.some(
        ({ flags, description }) => flags === option.flags && description === option.description,
      ),
    ),
  );
}

function section({ command, name }: Leaf, common: readonly Option[]): string {
  const own = command.options.filter(({ flags }) => !common.some((option) => option.flags === flags));
  const found = findings[name];
  return [
    `### \`firebreak ${[name, ...command.registeredArguments.map(placeOf)].join(' ')}\`\n`,
    `${sentence(command.description())}\n`,
    ...(own.length > 0 || described(command).length > 0 ? [optionTable(own, described(command))] : []),
    ...(found === undefined ? [] : [`Exit code 1: ${found}.\n`]),
  ].join('\n');
}

function placeOf(argument: Argument): string {
  return argument.required ? `<${argument.name()}>` : `[${argument.name()}]`;
}

function described({ registeredArguments }: Command): readonly Argument[] {
  return registeredArguments.filter(({ description }) => description !== '');
}

function optionTable(options: readonly Option[], places: readonly Argument[] = []): string {
  return [
    '| | |',
    '|---|---|',
    ...places.map((argument) => row(placeOf(argument), argument.description)),
    ...options.map((option) => row(option.flags, meaning(option))),
    '',
  ].join('\n');
}

function meaning({ description, mandatory, defaultValue }: Option): string {
  const given = typeof defaultValue === 'string' ? ` (default: ${defaultValue})` : '';
  return `${description}${mandatory ? ' (required)' : ''}${given}`;
}

/** Angle brackets outside code would be taken for elements, bars for the next column. */
function row(name: string, text: string): string {
  const plain = text.replace(/[<>]/g, (bracket) => (bracket === '<' ? '&lt;' : '&gt;'));
  return `| \`${name}\` | ${plain} |`.replace(/(?<=`[^`|]*)\|(?=[^`|]*`)/g, '\\|');
}

function sentence(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`;
}
