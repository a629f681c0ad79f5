import type { JsonValue } from '#core/canonical.ts';
import type { Digest, ServiceId } from '#core/ids.ts';
import type { Secret } from '#core/secret.ts';
import type { McpToolName } from '../../tool.ts';

/** What the config says of servers that speak the Model Context Protocol: where they are, and what of them may be asked. */

/** What an argument may be. A fixed one is never chosen by whoever asks. */
export type McpArgument =
  | { readonly kind: 'one_of'; readonly values: readonly string[] | readonly number[] }
  | { readonly kind: 'int'; readonly min: number; readonly max: number }
  /** A pattern that `readPattern` takes. */
  | { readonly kind: 'pattern'; readonly pattern: string }
  | { readonly kind: 'fixed'; readonly value: JsonValue };

/** Who may hold a mounted tool: whoever proposes changes or speaks with people reads no foreign text. */
export const mcpRoles = ['monitor', 'diagnosis'] as const;

export type McpTool = {
  /** As agents know it. */
  readonly name: McpToolName;
  /** As the server knows it. */
  readonly tool: string;
  /** The operator's words, the only ones that a model reads about it. */
  readonly about: string;
  readonly roles: readonly (typeof mcpRoles)[number][];
  readonly arguments: ReadonlyMap<string, McpArgument>;
  /** Digest of the definition that the operator looked at; null: nobody did yet, and the tool is off. */
  readonly definition: Digest | null;
};

export type McpPlace =
  | {
      readonly kind: 'command';
      readonly command: string;
      readonly args: readonly string[];
      /** The whole environment of the process. */
      readonly env: ReadonlyMap<string, string | Secret>;
    }
  | { readonly kind: 'url'; readonly url: string; readonly token: Secret | null };

export type McpServer = {
  readonly id: string;
  readonly at: McpPlace;
  /** The services that it may be asked about. */
  readonly services: readonly ServiceId[];
  readonly tools: readonly McpTool[];
};

/** The name that agents know a server's tool by; two tools of one server can come to the same. */
export function mcpToolName(server: string, tool: string): McpToolName {
  return `mcp_${server}_${tool.toLowerCase().replaceAll(/[^a-z0-9]/g, '_')}`;
}
