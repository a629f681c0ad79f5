import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { segmentName } from '#audit/segment-files.ts';
import { logDirOf, verifyLog } from '#audit/verify.ts';
import { FirebreakError } from '#core/errors.ts';
import { IncidentId } from '#core/ids.ts';
import { clip, inert } from '#core/inert.ts';
import { count } from '#views/numbers.ts';
import { clockTime, date } from '#views/time.ts';
import type { Common, Context, Outcome } from '../context.ts';
import { dataDirOf } from '../data-dir.ts';
import { readLines } from '../offline.ts';

/** Checks every byte of a log with its public key alone; fails naming the first bad entry. */
export async function verifyAudit(
  dir: string | undefined,
  options: Common,
  context: Context,
): Promise<Outcome> {
  const place = dir === undefined ? dataDirOf(options, context) : resolve(context.cwd, dir);
  const result = await verifyLog({ dir: place });
  if (result.kind === 'bad' && !existsSync(join(logDirOf(place), segmentName(0)))) {
    throw new FirebreakError('not_found', `there is no log in ${place}`);
  }
  if (result.kind === 'bad') {
    const { segment, line, entry, reason } = result;
    return {
      lines: [`NOT intact: ${inert(reason)}, at entry ${entry} (${segment} line ${line}) in ${place}`],
      json: result,
      exit: 1,
    };
  }
  const { entries, checkpoints, payloads, root, unsealed, unsealedPayloads } = result;
  const lines = [
    `${count(entries, 'entry', 'entries')} verified, ${count(checkpoints, 'checkpoint')}, ${count(payloads, 'payload')}, root ${root ?? 'none'}`,
  ];
  if (unsealed + unsealedPayloads > 0)
    lines.push(
      `${unsealed + unsealedPayloads} bytes at the end are not signed yet: a write under way, or cut off by a crash`,
    );
  return { lines, json: { ...result, root: root ?? null } };
}

export type ShowFilter = Common & { readonly incident?: string; readonly kind?: string };

/** Prints the log as it stands in the files; `--json` gives whole entries, one a line. Proves nothing. */
export async function showAudit(options: ShowFilter, context: Context): Promise<Outcome> {
  const { incident, kind, json } = options;
  const id = incident === undefined ? undefined : IncidentId.safeParse(incident.toUpperCase());
  if (id !== undefined && !id.success) throw new FirebreakError('usage', 'an incident is named like INC-12');
  const filter = {
    dir: dataDirOf(options, context),
    ...(id && { incidentId: id.data }),
    ...(kind !== undefined && { kind }),
  };
  const seen = { entries: 0, bad: 0 };
  for await (const shown of readLines(filter)) {
    if (shown.kind === 'bad') {
      seen.bad += 1;
      context.err(`${shown.segment} line ${shown.line}: ${inert(shown.reason)}`);
      continue;
    }
    seen.entries += 1;
    const { entry } = shown;
    if (json === true) context.out(JSON.stringify(entry));
    else {
      const when = `${date(entry.ts, context.zone)} ${clockTime(entry.ts, context.zone)}`;
      context.out(
        clip(
          inert(
            `#${String(entry.seq).padEnd(5)} ${when}  ${(entry.incidentId ?? '').padEnd(7)} ${entry.kind.padEnd(20)} ${entry.actor.kind} ${entry.actor.id}`,
          ),
          80,
        ),
      );
    }
  }
  context.err(
    `${count(seen.entries, 'entry', 'entries')}, not verified here; firebreak audit verify does that`,
  );
  return { lines: [], json: seen, exit: seen.bad > 0 ? 1 : 0 };
}
