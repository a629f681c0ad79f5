import { beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { hypothesesRankTool } from '#agents/hypotheses-rank.ts';
import { agentSpecs } from '#agents/spec.ts';
import { openMemoryLog } from '#audit/memory-log.ts';
import { IncidentFold } from '#incidents/incident-fold.ts';
import type { Inventory } from '#incidents/inventory.ts';
import { AgentRole, Cause } from '#incidents/vocabulary.ts';
import { loadPrompts } from '#prompts/load.ts';
import { evidenceReadTool } from '#sessions/evidence-read.ts';
import { historyTool } from '#sessions/history.ts';
import { createSessionsFold } from '#sessions/sessions-fold.ts';
import { spawnTool } from '#sessions/spawn.ts';
import { fallbackTool } from '#tools/act/fallback.ts';
import { createNoteTools } from '#tools/act/notes.ts';
import { createPageTools } from '#tools/act/pages.ts';
import { createContents, slackPostTool } from '#tools/act/posts.ts';
import { actTools } from '#tools/act/tools.ts';
import { readTools } from '#tools/read/tools.ts';
import { type AnyTool, ownToolNames, toolNames } from '#tools/tool.ts';
import { FakeClock } from './fakes/fake-clock.ts';
import { countingRandom, inventory } from './sessions/rig.ts';
import { readTree } from './tree.ts';

const [toolsPage, causesPage] = ['docs/tools.md', 'docs/detectors.md'].map(
  (path) => readTree([path])[0]?.text ?? '',
);

/** An inventory in which everything can be looked at, so that each role holds all that it ever holds. */
const everywhere: Inventory = {
  ...inventory,
  services: new Map(
    [...inventory.services].map(([id, one]) => [
      id,
      {
        ...one,
        ...{ promql: true, host: true, postgres: { driver: 'p' }, repo: 'shop/code' },
        cluster: { driver: 'c', namespace: 'shop' },
      },
    ]),
  ),
};
const heldBy = new Map<string, string[]>();
let tools: readonly AnyTool[] = [];

beforeAll(async () => {
  const random = countingRandom();
  const log = await openMemoryLog({ clock: new FakeClock(), random });
  const fold = createSessionsFold();
  const specs = agentSpecs(await loadPrompts(), everywhere);
  for (const role of AgentRole.options)
    for (const name of specs[role].allowlist) heldBy.set(name, [...(heldBy.get(name) ?? []), role]);
  const incidents = new IncidentFold();
  const never = () => Promise.reject(new Error('this test makes no call'));
  const gone = { acknowledge: never, resolve: never, note: never, escalate: never, trigger: never };
  tools = [
    ...[...readTools, ...actTools, ...createNoteTools({ log, incidents })],
    ...createPageTools({ pager: { ...gone, withdraw: never, onCalls: never }, incidents }),
    slackPostTool({ post: { send: never }, contents: createContents() }),
    fallbackTool({ say: never }),
    spawnTool({ log, random, fold, specs, inventory: everywhere, runbooks: [], launch: () => {} }),
    historyTool(fold),
    evidenceReadTool({ log, fold }),
    hypothesesRankTool({ inventory: everywhere, items: () => undefined }),
  ];
});

const WORDS = { R0: 'read', R1: 'note', R2: 'change', R3: 'wide change' } as const;

/** The cells that say what the code says: name, kind, who holds it, arguments, time limit. */
function cellsOf({ name, tier, args, deadlineMs }: AnyTool): string[] {
  const schema = z.toJSONSchema(args, { io: 'input', unrepresentable: 'any' });
  const names = Object.keys(schema.properties ?? {});
  const holders = AgentRole.options.filter((role) => heldBy.get(name)?.includes(role));
  return [
    `\`${name}\``,
    WORDS[tier],
    holders.length === 0 ? 'the program' : holders.join(', '),
    names.length === 0 ? 'none' : names.join(', '),
    `${deadlineMs / 1000} s`,
  ];
}

test('the page of tools names every tool once, with its kind, who holds it, its arguments and its time limit, and no other', () => {
  const rows = [...(toolsPage ?? '').matchAll(/^\| (`.*) \|$/gm)].map(([, row = '']) => row.split(' | '));
  expect(rows.map((cells) => cells.slice(0, 5).join(' | ')).sort()).toEqual(
    tools.map((tool) => cellsOf(tool).join(' | ')).sort(),
  );
  for (const cells of rows) expect(cells[5]?.length ?? 0, cells[0]).toBeGreaterThan(10);
  expect(tools.map(({ name }) => name).sort()).toEqual([...toolNames, ...ownToolNames].sort());
});

test('the page of detectors names every cause that can be named, and no other', () => {
  const [, part = ''] = (causesPage ?? '').split('## Every cause by its name');
  const [section = ''] = part.split('\n## ');
  const named = [...section.matchAll(/`([a-z_]+)`/g)].map(([, name]) => name);
  expect(named.toSorted()).toEqual(Cause.options.toSorted());
});
