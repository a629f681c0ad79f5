import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { createReplay, type Replay } from '#approvals/semantic-replay.ts';
import { parseNotes } from '#audit/kept-checkpoints.ts';
import { type Verified, verifyLog } from '#audit/verify.ts';
import { FirebreakError } from '#core/errors.ts';
import { IncidentId } from '#core/ids.ts';
import { clip, inert } from '#core/inert.ts';
import { count } from '#views/numbers.ts';
import { clockTime, date } from '#views/time.ts';
import type { Common, Context, Outcome } from '../context.ts';
import { dataDirOf } from '../data-dir.ts';
import { hasLog, readLines } from '../offline.ts';
import { textOrFile } from '../text-or-file.ts';

export type VerifyFlags = Common & { readonly key?: string; readonly against?: string };

/**
 * Checks every byte of a log with its public key alone, whether it holds the checkpoints that were kept elsewhere, and
 * whether everything in it was allowed when it happened; fails naming the first bad entry.
 */
export async function verifyAudit(
  dir: string | undefined,
  options: VerifyFlags,
  context: Context,
): Promise<Outcome> {
  const place = dir === undefined ? dataDirOf(options, context) : resolve(context.cwd, dir);
  const kept = options.against === undefined ? undefined : keptIn(options.against, context);
  const replay = createReplay();
  const result = await verifyLog({
    dir: place,
    onEntry: replay.apply,
    ...(kept && { against: kept.notes }),
    ...(options.key !== undefined && { publicKey: textOrFile(options.key, context) }),
  });
  if (result.kind === 'bad' && !hasLog(place)) {
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
  const [problem] = replay.problems();
  if (problem !== undefined) {
    const reason = `not allowed when it happened: ${problem.rule.replaceAll('_', ' ')}`;
    const json = { kind: 'bad', entry: problem.entry, reason, problems: replay.problems() };
    return { lines: [`NOT intact: ${reason}, at entry ${problem.entry} in ${place}`], json, exit: 1 };
  }
  const semantics = replay.counts();
  return {
    lines: [...bytesLines(result), ...keptLines(kept, result.keptOfReplaced), ...semanticsLines(semantics)],
    json: {
      ...result,
      root: result.root ?? null,
      kept: (kept?.notes.length ?? 0) - result.keptOfReplaced,
      semantics,
    },
  };
}

function bytesLines(verified: Extract<Verified, { kind: 'ok' }>): string[] {
  const { entries, checkpoints, payloads, root, unsealed, unsealedPayloads } = verified;
  const open = unsealed + unsealedPayloads;
  return [
    `${count(entries, 'entry', 'entries')} verified, ${count(checkpoints, 'checkpoint')}, ${count(payloads, 'payload')}, root ${root ?? 'none'}`,
    ...(open === 0
      ? []
      : [`${open} bytes at the end are not signed yet: a write under way, or cut off by a crash`]),
  ];
}

type Kept = ReturnType<typeof parseNotes>;

function keptLines(kept: Kept | undefined, replaced: number): string[] {
  if (kept === undefined) return [];
  const { notes, unreadable } = kept;
  const lost = `${count(unreadable, 'character')} there are no checkpoint and were not compared`;
  const old = `${count(replaced, 'checkpoint')} kept elsewhere of the damaged log before this one, not compared`;
  return [
    `holds ${count(notes.length - replaced, 'checkpoint')} kept elsewhere`,
    ...(replaced === 0 ? [] : [old]),
    ...(unreadable === 0 ? [] : [lost]),
  ];
}

function semanticsLines({ intents, approvals, unread }: ReturnType<Replay['counts']>): string[] {
  const unknown = `${count(unread, 'entry', 'entries')} of a kind that this version does not know`;
  return [
    `semantics: ${count(intents, 'intent')}, ${count(approvals, 'approval')} checked`,
    ...(unread === 0 ? [] : [unknown]),
  ];
}

function keptIn(value: string, context: Context): Kept {
  const kept = parseNotes(textOrFile(value, context));
  if (kept.notes.length > 0) return kept;
  const file = resolve(context.cwd, value);
  if (!value.includes('\n') && !existsSync(file))
    throw new FirebreakError('usage', `--against: there is no file ${inert(file)}`);
  throw new FirebreakError('usage', 'there is no checkpoint in what --against names');
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
