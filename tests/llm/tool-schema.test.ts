import { transformJSONSchema } from '@anthropic-ai/sdk/lib/transform-json-schema';
import { zodResponsesFunction } from 'openai/helpers/zod';
import { beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { hypothesesRankTool } from '#agents/hypotheses-rank.ts';
import { agentSpecs } from '#agents/spec.ts';
import { openMemoryLog } from '#audit/memory-log.ts';
import type { JsonObject, JsonValue } from '#core/canonical.ts';
import { IncidentFold } from '#incidents/incident-fold.ts';
import type { Inventory, Service } from '#incidents/inventory.ts';
import { Repository } from '#incidents/observations-changes.ts';
import { AgentRole } from '#incidents/vocabulary.ts';
import type { ToolSpec } from '#llm/model.ts';
import { type SchemaVendor, toolSchemaFor } from '#llm/tool-schema.ts';
import { loadPrompts } from '#prompts/load.ts';
import { type AgentSpecs, REPORT } from '#sessions/agent-spec.ts';
import { evidenceReadTool } from '#sessions/evidence-read.ts';
import { historyTool } from '#sessions/history.ts';
import { createSessionsFold } from '#sessions/sessions-fold.ts';
import { spawnTool } from '#sessions/spawn.ts';
import { toolSpecsOf } from '#sessions/tool-specs.ts';
import { createNoteTools } from '#tools/act/notes.ts';
import { actTools } from '#tools/act/tools.ts';
import { readTools } from '#tools/read/tools.ts';
import { type AnyTool, toolNames } from '#tools/tool.ts';
import { FakeClock } from '../fakes/fake-clock.ts';
import { countingRandom, inventory } from '../sessions/rig.ts';

const vendors: readonly SchemaVendor[] = ['anthropic', 'openai'];
let specs: AgentSpecs;
let tools: readonly AnyTool[];
let told: readonly ToolSpec[];
let of: (role: AgentRole) => readonly ToolSpec[];

/** What runs in a cluster is looked at with more tools. */
const everything = {
  cluster: { driver: 'main', namespace: 'shop' },
  postgres: { driver: 'main' },
  promql: true as const,
  host: true as const,
  repo: Repository.parse('shop/shop'),
} satisfies Partial<Service>;
const inCluster = ({ version, services }: Inventory): Inventory => ({
  version,
  services: new Map([...services].map(([id, one]) => [id, { ...one, ...everything }])),
});

/** Every tool of the product, and the reports of the agents that give one, as models are told of them. */
beforeAll(async () => {
  const random = countingRandom();
  const log = await openMemoryLog({ clock: new FakeClock(), random });
  const fold = createSessionsFold();
  specs = agentSpecs(await loadPrompts(), inCluster(inventory));
  const notes = createNoteTools({ log, incidents: new IncidentFold() });
  const spawn = spawnTool({ log, random, fold, specs, inventory, runbooks: [], launch: () => {} });
  const looks = [evidenceReadTool({ log, fold }), hypothesesRankTool({ inventory, items: () => undefined })];
  tools = [...readTools, ...actTools, ...notes, ...looks, spawn, historyTool(fold)];
  of = toolSpecsOf(tools, specs);
  told = AgentRole.options.flatMap((role) => of(role));
});

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Calls `see` with each schema inside a schema, under a path that is the same in every form of it. */
function walk(schema: JsonValue, see: (node: JsonObject, path: string) => void, path = '$'): void {
  if (!isObject(schema)) return;
  see(schema, path);
  for (const [name, field] of Object.entries(Object(schema.properties ?? {}))) {
    walk(z.json().parse(field), see, `${path}.${name}`);
  }
  walk(schema.items ?? null, see, `${path}[]`);
  if (Array.isArray(schema.anyOf)) {
    schema.anyOf.forEach((option: JsonValue, at: number) => {
      walk(option, see, `${path}|${at}`);
    });
  }
}

const nodesOf = (schema: JsonValue): Map<string, JsonObject> => {
  const nodes = new Map<string, JsonObject>();
  walk(schema, (node, path) => nodes.set(path, node));
  return nodes;
};

/** What decides which values a schema takes; the rest of a node leads to other nodes. */
const inner = new Set(['properties', 'items', 'anyOf', 'description', '$schema']);

function lost(source: JsonValue, converted: JsonValue): string[] {
  const there = nodesOf(converted);
  return [...nodesOf(source)].flatMap(([path, node]) => {
    const made = there.get(path);
    if (made === undefined) return [path];
    return Object.entries(node).flatMap(([keyword, value]) => {
      if (inner.has(keyword)) return [];
      const isRange = Math.abs(Number(value)) === Number.MAX_SAFE_INTEGER;
      const isEnforced = JSON.stringify(made[keyword]) === JSON.stringify(value);
      const isTold = String(made.description).includes(`${keyword}: ${JSON.stringify(value)}`);
      return isRange || isEnforced || isTold ? [] : [`${path} ${keyword}`];
    });
  });
}

describe.each(vendors)('for %s', (vendor) => {
  test('no property, enum, bound or pattern of any tool or report is lost', () => {
    expect(new Set(told.map(({ name }) => name))).toEqual(new Set([...toolNames, REPORT]));
    for (const tool of told) expect(lost(tool.schema, toolSchemaFor(vendor, tool))).toEqual([]);
  });

  test('every object is closed with every field required, and nothing stands in it that a vendor refuses', () => {
    for (const tool of told) {
      walk(toolSchemaFor(vendor, tool), (node) => {
        if (node.type === 'object') {
          expect(node.additionalProperties).toBe(false);
          expect(node.required).toEqual(Object.keys(Object(node.properties)));
        }
        const refused = [
          'oneOf',
          'allOf',
          '$ref',
          '$schema',
          'default',
          'propertyNames',
          'minLength',
          'maxLength',
        ];
        const more = vendor === 'anthropic' ? ['pattern', 'minimum', 'maximum', 'maxItems', 'format'] : [];
        for (const keyword of [...refused, ...more]) expect(node).not.toHaveProperty(keyword);
      });
    }
  });

  test('a tool is converted once', () => {
    for (const tool of told) expect(toolSchemaFor(vendor, tool)).toBe(toolSchemaFor(vendor, tool));
  });

  test.each<[string, JsonValue]>([
    [
      'an optional field',
      { type: 'object', properties: { a: { type: 'string' } }, required: [], additionalProperties: false },
    ],
    ['a map', { type: 'object', properties: {}, additionalProperties: { type: 'string' } }],
    [
      'one of several',
      { type: 'object', properties: {}, required: [], additionalProperties: false, oneOf: [] },
    ],
    ['a list of arguments', { type: 'array', items: { type: 'string' } }],
    [
      'a reference',
      { type: 'object', properties: { a: { $ref: '#' } }, required: ['a'], additionalProperties: false },
    ],
    ['no schema', 'string'],
  ])('%s stops the start, naming the tool', (_, schema) => {
    expect(() => toolSchemaFor(vendor, { name: 'odd', description: '', schema })).toThrow(/odd/);
  });
});

/** The parts that both vendors' own converters keep, whatever they do to the rest. */
const skeleton = (schema: JsonValue) =>
  [...nodesOf(schema)].map(([path, { enum: values, const: value, required = [] }]) => ({
    path,
    values,
    value,
    required,
  }));

test("Anthropic's own converter gives the same properties, enums and required fields", () => {
  for (const tool of told) {
    const theirs = z.json().parse(transformJSONSchema(structuredClone(Object(tool.schema))));
    expect(skeleton(toolSchemaFor('anthropic', tool))).toEqual(skeleton(theirs));
  }
});

test("OpenAI's own converter gives the same schemas, bounds and patterns included", () => {
  const sources = AgentRole.options.flatMap((role) => {
    const held = tools.filter(({ name }) => specs[role].allowlist.includes(name));
    const { report } = specs[role];
    const all = held.map(({ name, args }) => ({ role, name: String(name), source: args }));
    return report === null ? all : [...all, { role, name: REPORT, source: report }];
  });
  for (const { role, name, source } of sources) {
    const tool = of(role).find((one) => one.name === name);
    if (tool === undefined) throw new Error(`no tool ${name}`);
    const theirs = z
      .json()
      .parse(zodResponsesFunction({ name, parameters: z.object({ in: source }) }).parameters);
    const inside = nodesOf(theirs).get('$.in') ?? null;
    expect(skeleton(toolSchemaFor('openai', tool))).toEqual(skeleton(inside));
    expect(lost(inside, toolSchemaFor('openai', tool))).toEqual([]);
  }
});

test("what a role may call stays within Anthropic's limits for strict tools: 16 choices between types in the first 20", () => {
  for (const role of AgentRole.options) {
    let choices = 0;
    for (const tool of of(role).slice(0, 20)) {
      walk(toolSchemaFor('anthropic', tool), (node) => {
        if (node.anyOf !== undefined) choices += 1;
      });
    }
    expect(choices).toBeLessThanOrEqual(16);
  }
});
