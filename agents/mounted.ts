import type { AgentSpec, AgentSpecs } from '#sessions/agent-spec.ts';
import type { McpTool } from '#tools/drivers/mcp/settings.ts';

/**
 * The same agents, with the mounted tools that the config gives them. Whoever proposes changes or speaks with people gets none: what a
 * server of somebody else answers is foreign text.
 */
export function withMounted(specs: AgentSpecs, tools: readonly McpTool[]): AgentSpecs {
  const held = (spec: AgentSpec, role: McpTool['roles'][number]): AgentSpec => {
    const names = tools.filter(({ definition, roles }) => definition !== null && roles.includes(role));
    return { ...spec, allowlist: [...spec.allowlist, ...names.map(({ name }) => name)] };
  };
  return {
    ...specs,
    monitor: held(specs.monitor, 'monitor'),
    diagnosis: held(specs.diagnosis, 'diagnosis'),
  };
}
