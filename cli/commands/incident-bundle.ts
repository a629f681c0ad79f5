import { resolve } from 'node:path';
import { type Bundle, writeBundle } from '#audit/bundle.ts';
import { newestCheckpoint } from '#audit/newest-checkpoint.ts';
import { FirebreakError } from '#core/errors.ts';
import type { IncidentId } from '#core/ids.ts';
import { redact } from '#core/redact.ts';
import { incidentCard } from '#views/incident-card.ts';
import { renderIncident } from '#views/incident-text.ts';
import { count } from '#views/numbers.ts';
import type { Common, Context, Outcome } from '../context.ts';
import { dataDirOf } from '../data-dir.ts';
import { readEntries } from '../offline.ts';
import { screenOf } from './status.ts';

export type BundleFlags = Common & { readonly bundle: string; readonly withPayloads?: boolean };

/**
 * Writes a folder with the entries of one incident that anybody can check without Firebreak: proofs, key, program,
 * manifest, and the story in words. Contents of calls are in it only when asked for.
 */
export async function bundleIncident(
  incident: IncidentId,
  options: BundleFlags,
  context: Context,
): Promise<Outcome> {
  const dir = dataDirOf(options, context);
  const out = resolve(context.cwd, options.bundle);
  const found = await readEntries({ dir, incidentId: incident });
  // What is written at this moment is not sealed yet.
  const size = (await newestCheckpoint(dir))?.size ?? 0;
  const entries = found.filter(({ seq }) => seq < size);
  const card = incidentCard(entries, context.zone);
  if (card === undefined)
    throw new FirebreakError(
      'not_found',
      `there is no ${incident} in ${dir}; firebreak incidents list shows what there is`,
    );
  const screen = { ...screenOf(context), paint: (_tone: unknown, text: string) => text };
  const pages = new Map([['timeline.md', page(incident, renderIncident(card, screen))]]);
  const payloads = options.withPayloads === true;
  const bundle = await writeBundle({ dir, incident, entries, out, payloads, pages });
  return { lines: linesOf(out, bundle), json: { out, ...bundle } };
}

function page(incident: IncidentId, story: readonly string[]): string {
  return [
    `# ${incident}`,
    '',
    'Written from the entries beside it. Whether those are what the log holds, and nothing here was changed, is checked',
    'without Firebreak, by any Node from version 18 on: `node verify-proof.mjs . --key KEY`, where KEY is the public key',
    'of the log as you know it from elsewhere.',
    '',
    ...redact(story.join('\n'))
      .split('\n')
      .map((line) => (line === '' ? '' : `    ${line}`)),
    '',
  ].join('\n');
}

function linesOf(out: string, { entries, files, payloads, erased, size }: Bundle): string[] {
  const contents = payloads + erased === 0 ? '' : `, ${count(payloads, 'content')} (${erased} erased)`;
  return [
    `written: ${out}: ${count(entries, 'entry', 'entries')} of ${size}, ${count(files, 'file')}${contents}`,
    `anybody can check it: node ${out}/verify-proof.mjs ${out}`,
  ];
}
