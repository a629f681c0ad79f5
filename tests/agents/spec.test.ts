import { beforeAll, describe, expect, test } from 'vitest';
import { hypothesesRankTool } from '#agents/hypotheses-rank.ts';
import { agentSpecs } from '#agents/spec.ts';
import { openMemoryLog } from '#audit/memory-log.ts';
import { canonical, type JsonValue } from '#core/canonical.ts';
import { sha256 } from '#core/hash.ts';
import { CallId, ServiceId } from '#core/ids.ts';
import { IncidentFold } from '#incidents/incident-fold.ts';
import type { MonitorReport } from '#incidents/reports.ts';
import { AgentRole } from '#incidents/vocabulary.ts';
import { loadPrompts } from '#prompts/load.ts';
import type { AgentSpecs } from '#sessions/agent-spec.ts';
import { evidenceReadTool } from '#sessions/evidence-read.ts';
import { historyTool } from '#sessions/history.ts';
import { createSessionsFold } from '#sessions/sessions-fold.ts';
import { spawnTool } from '#sessions/spawn.ts';
import { toolSpecsOf } from '#sessions/tool-specs.ts';
import { createNoteTools } from '#tools/act/notes.ts';
import { actTools } from '#tools/act/tools.ts';
import { readTools } from '#tools/read/tools.ts';
import type { AnyTool } from '#tools/tool.ts';
import { FakeClock } from '../fakes/fake-clock.ts';
import { countingRandom, inventory } from '../sessions/rig.ts';

let specs: AgentSpecs;
let tools: AnyTool[];
beforeAll(async () => {
  const prompts = await loadPrompts();
  const random = countingRandom();
  const log = await openMemoryLog({ clock: new FakeClock(), random });
  const fold = createSessionsFold();
  specs = agentSpecs(prompts, inventory);
  const notes = createNoteTools({ log, incidents: new IncidentFold() });
  const spawn = spawnTool({ log, random, fold, specs, inventory, runbooks: [], launch: () => {} });
  const looks = [evidenceReadTool({ log, fold }), hypothesesRankTool({ inventory, items: () => undefined })];
  tools = [...readTools, ...actTools, ...notes, ...looks, spawn, historyTool(fold)];
});

const kindsOf = (role: AgentRole) =>
  new Set(specs[role].allowlist.map((name) => tools.find((tool) => tool.name === name)?.kind));

describe('the four agents', () => {
  test('are what the roles say, and every allowlisted tool exists', () => {
    expect(Object.keys(specs).sort()).toEqual([...AgentRole.options].sort());
    for (const role of AgentRole.options) {
      expect(specs[role].role).toBe(role);
      expect(kindsOf(role)).not.toContain(undefined);
    }
  });

  test('keep looking, changing and coordinating apart', () => {
    expect(kindsOf('coordinator')).toEqual(new Set(['session', 'note']));
    for (const role of ['monitor', 'diagnosis'] as const) {
      expect(kindsOf(role)).toEqual(new Set(['read', 'session']));
      const own = specs[role].allowlist.filter((name) => /evidence|hypotheses/.test(name));
      const sessions = tools.flatMap(({ kind, name }) => (kind === 'session' ? [name] : []));
      expect(specs[role].allowlist.filter((name) => sessions.includes(name))).toEqual(own);
    }
    expect(kindsOf('remediation')).toEqual(new Set(['act']));
  });

  test('have limits on time and calls', () => {
    for (const role of AgentRole.options) {
      const toolCalls = role === 'diagnosis' ? 30 : 25;
      expect(specs[role].limits).toEqual({ wallMs: 300_000, modelCalls: 20, toolCalls });
    }
  });

  test('have short constant prompts whose digest is that of the text', () => {
    for (const role of AgentRole.options) {
      const { text, hash } = specs[role].prompt;
      expect(hash).toBe(sha256(text));
      expect(Buffer.byteLength(text)).toBeLessThan(2_560);
      expect(text).not.toMatch(/\$\{|\{\{/);
    }
  });
});

function isClosed(node: Record<string, JsonValue>): boolean {
  const fields = Object.keys(Object(node.properties ?? {})).sort();
  const required = [...(Array.isArray(node.required) ? node.required : [])].sort();
  return node.additionalProperties === false && fields.join() === required.join();
}

describe('what models are told of tools', () => {
  test('is each role its allowlist, and the report for those that give one', () => {
    const of = toolSpecsOf(tools, specs);
    for (const role of AgentRole.options) {
      const expected = [...specs[role].allowlist, ...(role === 'coordinator' ? [] : ['report'])];
      expect(
        of(role)
          .map((tool) => tool.name)
          .sort(),
      ).toEqual(expected.sort());
    }
  });

  test('keeps to what all providers understand: closed objects, every field required', () => {
    const open: string[] = [];
    const look = (schema: JsonValue, path: string): void => {
      if (schema === null || typeof schema !== 'object') return;
      const node: Record<string, JsonValue> = Object(schema);
      if (node.type === 'object' && !isClosed(node)) open.push(path);
      for (const [key, value] of Object.entries(node)) look(value, `${path}.${key}`);
    };
    const of = toolSpecsOf(tools, specs);
    for (const role of AgentRole.options) {
      for (const tool of of(role)) {
        expect(canonical(tool.schema)).not.toContain('$schema');
        look(tool.schema, `${role}.${tool.name}`);
      }
    }
    expect(open).toEqual([]);
  });
});

describe('reports', () => {
  const checkout = ServiceId.parse('checkout');
  const finding = (evidence: string) => ({
    service: checkout,
    signal: 'error_ratio' as const,
    state: 'high' as const,
    now: '0.4',
    normal: '0.002',
    since: 1,
    evidence: [CallId.parse(evidence)],
  });
  const report: MonitorReport = {
    role: 'monitor',
    verdict: 'impaired',
    signal: { service: checkout, name: 'error_ratio', low: '0', high: '0.02' },
    since: 1,
    findings: [finding('e3'), finding('e4')],
  };

  test('cannot say that a change was taken up', () => {
    const { report: schema } = specs.remediation;
    expect(schema?.safeParse({ role: 'remediation', outcome: 'proposed' }).success).toBe(false);
    expect(schema?.safeParse({ role: 'remediation', outcome: 'no_safe_action' }).success).toBe(true);
  });

  test('of one role are not those of another', () => {
    expect(specs.diagnosis.report?.safeParse(report).success).toBe(false);
    expect(specs.remediation.report?.safeParse(report).success).toBe(false);
    expect(specs.monitor.report?.safeParse(report).success).toBe(true);
    expect(specs.coordinator.report).toBeNull();
  });
});
