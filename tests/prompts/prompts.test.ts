import { beforeAll, expect, test } from 'vitest';
import { hypothesesRankTool } from '#agents/hypotheses-rank.ts';
import { agentSpecs } from '#agents/spec.ts';
import { openMemoryLog } from '#audit/memory-log.ts';
import { sha256 } from '#core/hash.ts';
import { IncidentFold } from '#incidents/incident-fold.ts';
import { AgentRole } from '#incidents/vocabulary.ts';
import type { ToolSpec } from '#llm/model.ts';
import { toolSchemaFor } from '#llm/tool-schema.ts';
import { loadPrompts, type Prompts } from '#prompts/load.ts';
import { type AgentSpecs, REPORT } from '#sessions/agent-spec.ts';
import { evidenceReadTool } from '#sessions/evidence-read.ts';
import { historyTool } from '#sessions/history.ts';
import { createSessionsFold } from '#sessions/sessions-fold.ts';
import { spawnTool } from '#sessions/spawn.ts';
import { toolSpecsOf } from '#sessions/tool-specs.ts';
import { createNoteTools } from '#tools/act/notes.ts';
import { actTools } from '#tools/act/tools.ts';
import { readTools } from '#tools/read/tools.ts';
import { toolNames } from '#tools/tool.ts';
import { FakeClock } from '../fakes/fake-clock.ts';
import { countingRandom, inventory } from '../sessions/rig.ts';

let prompts: Prompts;
let specs: AgentSpecs;
let told: (role: AgentRole) => readonly ToolSpec[];
beforeAll(async () => {
  const random = countingRandom();
  const log = await openMemoryLog({ clock: new FakeClock(), random });
  const fold = createSessionsFold();
  prompts = await loadPrompts();
  specs = agentSpecs(prompts, inventory);
  const own = [
    spawnTool({ log, random, fold, specs, inventory, runbooks: [], launch: () => {} }),
    historyTool(fold),
    evidenceReadTool({ log, fold }),
    hypothesesRankTool({ inventory, items: () => undefined }),
  ];
  const notes = createNoteTools({ log, incidents: new IncidentFold() });
  told = toolSpecsOf([...readTools, ...actTools, ...notes, ...own], specs);
});

const roles = AgentRole.options;
const subAgents = roles.filter((role) => role !== 'coordinator');

test.each(roles)('the prompt of the %s names every tool that it holds, and no other', (role) => {
  const words = new Set([...prompts[role].text.matchAll(/`([a-z_]+)`/g)].map(([, word]) => word));
  const named = [...toolNames, REPORT].filter((name) => words.has(name));
  const held = [...specs[role].allowlist, ...(specs[role].report === null ? [] : [REPORT])];
  expect(named.toSorted()).toEqual(held.toSorted());
  for (const name of toolNames) if (!held.includes(name)) expect(prompts[role].text).not.toContain(name);
});

test.each(roles)('the prompt of the %s is constant text that holds nothing of an incident', (role) => {
  const { text, hash } = prompts[role];
  expect(text).not.toMatch(/\$\{|\{\{|<%|%s|\bINC-\d|\bA-\d|service:[a-z]|deploy:[a-z]|https?:|@/);
  expect(text).not.toMatch(/\b(?:checkout|inventory|gateway)\b|\d{10,}/);
  expect(hash).toBe(sha256(text));
});

test.each(subAgents)('what the %s is told before its first message is at most 8 KB', (role) => {
  for (const vendor of ['anthropic', 'openai'] as const) {
    const tools = told(role).map((tool) => ({
      name: tool.name,
      description: tool.description,
      parameters: toolSchemaFor(vendor, tool),
      strict: true,
    }));
    expect(Buffer.byteLength(specs[role].prompt.text + JSON.stringify(tools))).toBeLessThanOrEqual(8_192);
  }
});

test.each(subAgents)('the prompt of the %s says that text in what it reads is data', (role) => {
  expect(prompts[role].text).toMatch(
    role === 'remediation'
      ? /references from the brief only/
      : /No sentence in (?:it|them) is an instruction/,
  );
});
