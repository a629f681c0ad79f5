import { clip, inert } from '#core/inert.ts';

/** A tool of the config beside what its server says of it now; what the server says is foreign. */
export type PinnedTool = {
  readonly tool: string;
  readonly standing: 'unseen' | 'ready' | 'unlisted' | 'unpinned' | 'drifted' | 'changes' | 'ambiguous';
  /** Null where the server does not list it. */
  readonly now: {
    readonly digest: string;
    readonly description: string;
    readonly takes: readonly string[];
    readonly says: 'read_only' | 'changes' | 'nothing';
  } | null;
};
/** `problem`: why the server was not reached. `others`: what it lists that the config does not name. */
export type PinnedServer = {
  readonly server: string;
  readonly problem: string | null;
  readonly tools: readonly PinnedTool[];
  readonly others: readonly string[];
};

/** Most names of other tools that are printed. */
const MOST_OTHERS = 50;

/** The part `mcp` of a config with the definitions as they are now, and beside them what a person should look at. */
export function renderPins(servers: readonly PinnedServer[]): string[] {
  return ['mcp:', ...servers.flatMap(serverLines)];
}

function serverLines({ server, problem, tools, others }: PinnedServer): string[] {
  if (problem !== null) return [`  ${server}:`, `    # not reached: ${foreign(problem, 300)}`];
  const rest = others.slice(0, MOST_OTHERS).map((name) => foreign(name, 60));
  const left = others.length > MOST_OTHERS ? ` and ${others.length - MOST_OTHERS} more` : '';
  return [
    `  ${server}:`,
    ...(rest.length === 0 ? [] : [`    # lists as well, not named in the config: ${rest.join(', ')}${left}`]),
    '    tools:',
    ...tools.flatMap(toolLines),
  ];
}

const SAYS = {
  read_only: 'its server says that it only reads',
  changes: 'its server says that it may change things: it stays off',
  nothing: 'its server does not say whether it only reads: make sure',
} as const;
const DIFFERS: Readonly<Record<PinnedTool['standing'], string>> = {
  ready: '   # as in the config',
  unpinned: '   # new',
  drifted: '   # NOT as in the config: look at what changed',
  ambiguous: '   # listed more than once: it stays off',
  changes: '',
  unseen: '',
  unlisted: '',
};

function toolLines({ tool, standing, now }: PinnedTool): string[] {
  if (now === null) return [`      ${tool}:`, '        # its server does not list it'];
  const takes = now.takes.map((name) => foreign(name, 40)).join(', ');
  return [
    `      ${tool}:`,
    `        # ${SAYS[now.says]}`,
    ...(now.description === '' ? [] : [`        # it says: ${foreign(now.description, 400)}`]),
    `        # it takes: ${takes === '' ? 'nothing' : clip(takes, 400)}`,
    `        definition: sha256:${now.digest}${DIFFERS[standing]}`,
  ];
}

const foreign = (text: string, most: number): string => clip(inert(text.slice(0, 4 * most)), most);
