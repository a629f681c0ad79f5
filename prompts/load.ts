import { readFile } from 'node:fs/promises';
import { sha256 } from '#core/hash.ts';
import type { Digest } from '#core/ids.ts';

/** A constant system prompt and its digest, which goes into the log with every session that uses it. */
export type Prompt = { readonly text: string; readonly hash: Digest };

export type Prompts = {
  readonly coordinator: Prompt;
  readonly monitor: Prompt;
  readonly diagnosis: Prompt;
  readonly remediation: Prompt;
};

/** Reads the four prompts that lie beside this file. Throws when one is missing: an installation without it is broken. */
export async function loadPrompts(): Promise<Prompts> {
  const [coordinator, monitor, diagnosis, remediation] = await Promise.all([
    load('coordinator'),
    load('monitor'),
    load('diagnosis'),
    load('remediation'),
  ]);
  return { coordinator, monitor, diagnosis, remediation };
}

async function load(name: keyof Prompts): Promise<Prompt> {
  const text = await readFile(new URL(`./${name}.md`, import.meta.url), 'utf8');
  return { text, hash: sha256(text) };
}
