import type { JsonObject } from '#core/canonical.ts';
import type { Seen } from './seen.ts';

/** What a mounted tool answered: foreign text, of which the end may be missing; parts that are no text are only counted. */
export type McpAnswer = { readonly text: string; readonly leftOut: number; readonly truncated: boolean };

/** A server that speaks the Model Context Protocol. Arguments were checked against the config before. */
export type McpDriver = {
  ask(look: { tool: string; args: JsonObject }, signal: AbortSignal): Promise<Seen<McpAnswer>>;
};
