import { z } from 'zod';
import type { AgentRole } from '#incidents/vocabulary.ts';
import type { ToolSpec } from '#llm/model.ts';
import type { AnyTool } from '#tools/tool.ts';
import { type AgentSpec, type AgentSpecs, REPORT } from './agent-spec.ts';

/**
 * The tools of each role as a model is told of them, converted once. Throws `FirebreakError` never, `Error` when a
 * schema cannot be written as JSON Schema (a bug that shows at start).
 */
export function toolSpecsOf(
  tools: readonly AnyTool[],
  specs: AgentSpecs,
): (role: AgentRole) => readonly ToolSpec[] {
  const byRole = {
    coordinator: specsFor(tools, specs.coordinator),
    monitor: specsFor(tools, specs.monitor),
    diagnosis: specsFor(tools, specs.diagnosis),
    remediation: specsFor(tools, specs.remediation),
  };
  return (role) => byRole[role];
}

function specsFor(tools: readonly AnyTool[], spec: AgentSpec): readonly ToolSpec[] {
  const held = tools.filter((tool) => spec.allowlist.includes(tool.name));
  const converted = held.map(({ name, description, args }) => ({
    name,
    description,
    schema: schemaOf(args),
  }));
  if (spec.report === null) return converted;
  const description = 'Ends your work with this report.';
  return [...converted, { name: REPORT, description, schema: schemaOf(spec.report) }];
}

function schemaOf(schema: z.ZodType): ToolSpec['schema'] {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io: 'input' });
  return z.json().parse(JSON.parse(JSON.stringify(rest)));
}
