import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { readOpened } from '#audit/read-opened.ts';
import { FirebreakError } from '#core/errors.ts';
import type { IncidentId } from '#core/ids.ts';
import { readFact } from '#incidents/entry.ts';
import { count } from '#views/numbers.ts';
import type { Common, Context, Outcome } from '../context.ts';
import { configPath, dataDirOf } from '../data-dir.ts';
import { readEntries } from '../offline.ts';

export type CaseFlags = Common & { readonly case: string };

/**
 * Writes a handled incident as a sealed case that `firebreak evals DIR` handles again: alerts, every look with its result,
 * what was said, and what a person said of that, as read from the log. The services come from the config. Throws `usage`
 * for a folder that holds something, `not_found` for an incident that is not there or whose content was erased.
 */
export async function exportIncidentCase(
  incident: IncidentId,
  options: CaseFlags,
  context: Context,
): Promise<Outcome> {
  const { exportCase } = await import('#evals/replay/export-case.ts');
  const { sealed } = await import('#evals/replay/replay-case.ts');
  const { readTerms } = await import('#server/config.ts');
  const dir = dataDirOf(options, context);
  const out = resolve(context.cwd, options.case);
  const all = await readEntries({ dir });
  const entries = all.filter(({ incidentId }) => incidentId === incident);
  const [first] = entries;
  if (first === undefined)
    throw new FirebreakError(
      'not_found',
      `there is no ${incident} in ${dir}; firebreak incidents list shows what there is`,
    );
  const { inventory } = readTerms(configPath(options, context));
  const one = await exportCase({
    ...{ incident, entries, inventory },
    content: async ({ incidentId, payloads: [ref] }) =>
      ref === undefined ? undefined : (await readOpened({ dir, incidentId, ref }))?.content,
  });
  const { digest, files } = sealed(one);
  await mkdir(out, { recursive: true });
  if ((await readdir(out)).length > 0)
    throw new FirebreakError('usage', `${out} is not empty; name a folder that is not there yet`);
  for (const [name, text] of files) await writeFile(join(out, name), text, { mode: 0o600, flag: 'wx' });
  const then = all.flatMap((entry) => {
    const fact = entry.seq < first.seq ? readFact(entry) : undefined;
    return fact?.kind === 'config.loaded' ? fact.body.inventoryVersion : [];
  });
  const changed = then.length > 0 && then.at(-1) !== inventory.version;
  const { verdict, reads } = one;
  return {
    lines: [
      `written: ${out}: ${count(reads.length, 'look')}, sha256 ${digest}`,
      ...(changed
        ? ['the services in the config are not those of then: what they could see may differ']
        : []),
      verdict === null
        ? `nobody said whether the cause was right: firebreak incidents verdict ${incident} --right, or --wrong --cause CAUSE`
        : `its truth is what ${verdict.by} said`,
      `handle it again: firebreak evals ${out}`,
    ],
    json: { out, sha256: digest, reads: reads.length, verdict, servicesChanged: changed },
  };
}
