import { readFile } from 'node:fs/promises';
import { sha256 } from '#core/hash.ts';
import type { Digest } from '#core/ids.ts';

/** A constant system prompt and its digest, which goes into the log with every session that uses it. */
export type Prompt = { readonly text: string; readonly hash: Digest };

export type Prompts = {
  readonly coordinator: Prompt;
  readonly monitor: Prompt;
  readonly diagnosis: Prompt;
  /** The same, for whoever may look at a cluster, too. */
  readonly diagnosisInCluster: Prompt;
  readonly remediation: Prompt;
};

/** Reads the prompts that lie beside this file. Throws when one is missing: an installation without it is broken. */
export async function loadPrompts(): Promise<Prompts> {
  const [coordinator, monitor, diagnosis, cluster, remediation] = await Promise.all([
    load('coordinator'),
    load('monitor'),
    load('diagnosis'),
    load('diagnosis-cluster'),
    load('remediation'),
  ]);
  return {
    coordinator: promptOf(coordinator),
    monitor: promptOf(monitor),
    diagnosis: promptOf(diagnosis),
    diagnosisInCluster: promptOf(diagnosis + cluster),
    remediation: promptOf(remediation),
  };
}

const load = (name: string): Promise<string> => readFile(new URL(`./${name}.md`, import.meta.url), 'utf8');

const promptOf = (text: string): Prompt => ({ text, hash: sha256(text) });
