import { FirebreakError } from '#core/errors.ts';
import { IncidentId } from '#core/ids.ts';
import { incidentCard } from '#views/incident-card.ts';
import { incidentRow, renderIncidentList } from '#views/incident-list.ts';
import { renderIncident } from '#views/incident-text.ts';
import { postmortem } from '#views/postmortem.ts';
import { IncidentAnswer, IncidentRows } from '../answers.ts';
import { ask } from '../client.ts';
import type { Common, Context, Outcome } from '../context.ts';
import { dataDirOf } from '../data-dir.ts';
import { readEntries, reading, readLogState } from '../offline.ts';
import { type BundleFlags, bundleIncident } from './incident-bundle.ts';
import { type CaseFlags, exportIncidentCase } from './incident-case.ts';
import { drawIncident, type PictureFlags } from './incident-picture.ts';
import { screenOf } from './status.ts';

/** All incidents, open ones first. */
export async function listIncidents(options: Common, context: Context): Promise<Outcome> {
  const rows = await reading(options, context, {
    online: (server) => ask(server, { method: 'GET', path: '/v1/incidents' }, IncidentRows),
    offline: async (dataDir) => {
      const { incidents } = await readLogState(dataDir);
      return [...incidents.current(), ...incidents.closed()].map(incidentRow);
    },
  });
  return { lines: renderIncidentList(rows, screenOf(context)), json: rows };
}

export type ShowFlags = Partial<PictureFlags> & { readonly postmortem?: boolean };

/** One incident: what is wrong, why, what was done, what comes next, and how it went; its signal as a picture, or a draft of its postmortem. */
export async function showIncident(text: string, options: ShowFlags, context: Context): Promise<Outcome> {
  const id = incidentIdOf(text);
  const { png } = options;
  if (options.postmortem === true) return draftPostmortem(id, options, context);
  if (png !== undefined) return drawIncident(id, { ...options, png }, context);
  const card = await reading(options, context, {
    online: (server) => ask(server, { method: 'GET', path: `/v1/incidents/${id}` }, IncidentAnswer),
    offline: async (dataDir) =>
      incidentCard(await readEntries({ dir: dataDir, incidentId: id }), context.zone) ??
      notThere(id, dataDir),
  });
  return { lines: renderIncident(card, screenOf(context)), json: card };
}

/** Read from the log itself, also while a server runs. */
async function draftPostmortem(id: IncidentId, options: Common, context: Context): Promise<Outcome> {
  const dataDir = dataDirOf(options, context);
  const entries = await readEntries({ dir: dataDir, incidentId: id });
  const lines = postmortem(entries, context.zone) ?? notThere(id, dataDir);
  return { lines, json: { incident: id, markdown: lines.join('\n') } };
}

export type ExportFlags = Partial<BundleFlags> & Partial<CaseFlags>;

/** One incident with its log entries as one document, as a bundle that can be checked elsewhere, or as a case to handle again; always read from the log. Content of calls stays encrypted there. */
export async function exportIncident(text: string, options: ExportFlags, context: Context): Promise<Outcome> {
  const id = incidentIdOf(text);
  const { bundle, case: folder } = options;
  if (folder !== undefined) return exportIncidentCase(id, { ...options, case: folder }, context);
  if (bundle !== undefined) return bundleIncident(id, { ...options, bundle }, context);
  if (options.withPayloads === true) throw new FirebreakError('usage', '--with-payloads needs --bundle');
  const dataDir = dataDirOf(options, context);
  const entries = await readEntries({ dir: dataDir, incidentId: id });
  const card = incidentCard(entries, context.zone) ?? notThere(id, dataDir);
  const document = { format: 'firebreak-incident/v1', incident: card, entries };
  return { lines: [JSON.stringify(document, null, 2)], json: document };
}

/** Reads what a person typed. Throws `usage`. */
export function incidentIdOf(text: string): IncidentId {
  const id = IncidentId.safeParse(text.toUpperCase());
  if (id.success) return id.data;
  throw new FirebreakError('usage', 'an incident is named like INC-12; firebreak incidents list shows them');
}

function notThere(id: IncidentId, dataDir: string): never {
  throw new FirebreakError(
    'not_found',
    `there is no ${id} in ${dataDir}; firebreak incidents list shows what there is`,
  );
}
