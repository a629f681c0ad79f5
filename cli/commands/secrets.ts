import type { Entry } from '#audit/log.ts';
import { inert } from '#core/inert.ts';
import { readFact } from '#incidents/entry.ts';
import { SecretFold } from '#incidents/secret-fold.ts';
import { count } from '#views/numbers.ts';
import { labelled } from '#views/table.ts';
import { ago } from '#views/time.ts';
import type { Common, Context, Outcome } from '../context.ts';
import { configPath, dataDirOf } from '../data-dir.ts';
import { hasLog, readLines } from '../offline.ts';

/** A reference with what the log tells about it; times in ms, null where nothing is known. */
type Row = {
  readonly name: string;
  readonly source: string;
  readonly settings: readonly string[];
  readonly problem: string | null;
  readonly fingerprint: string | null;
  /** Since when it has its value. */
  readonly since: number | null;
  /** When what it opens worked last. */
  readonly lastWorked: number | null;
};

/** Whether every secret that the config names is there and can be used, how old it is, and when it last opened something. */
export async function checkSecrets(options: Common, context: Context): Promise<Outcome> {
  const { reportSecrets } = await import('#server/secret-report.ts');
  const found = reportSecrets(configPath(options, context));
  const { ages, worked } = await readUses(dataDirOf(options, context));
  const rows = found.map(({ opens, ...row }): Row => {
    const age = ages.get(row.name);
    // Another value than the log last knew: nobody has used it yet.
    const isKnown = age !== undefined && age.fingerprint === row.fingerprint;
    return {
      ...row,
      since: isKnown ? age.since : null,
      lastWorked: (opens === null ? undefined : worked.get(opens)) ?? null,
    };
  });
  const missing = rows.filter(({ problem }) => problem !== null);
  const lines = [...missing, ...rows.filter(({ problem }) => problem === null)].flatMap((row) =>
    linesOf(row, context),
  );
  const total = `${count(rows.length, 'secret')}, ${missing.length === 0 ? 'all can be used' : `${missing.length} cannot be used`}`;
  return { lines: [...lines, total], json: { secrets: rows }, ...(missing.length > 0 && { exit: 1 }) };
}

function linesOf(row: Row, { clock, zone }: Context): string[] {
  const screen = { now: clock.now(), zone };
  const { name, problem, fingerprint, since, lastWorked } = row;
  const value =
    problem ??
    [
      fingerprint === null ? 'there' : `there, fingerprint ${fingerprint}`,
      ...(since === null ? [] : [`in use since ${ago(since, screen)}`]),
    ].join(', ');
  return [
    `${problem === null ? 'ok     ' : 'MISSING'}  ${inert(name)}`,
    ...labelled('for', row.settings.map(inert).join(', ')),
    ...labelled('value', inert(value)),
    ...(lastWorked === null ? [] : labelled('worked', ago(lastWorked, screen))),
  ];
}

type Uses = { readonly ages: SecretFold; readonly worked: ReadonlyMap<string, number> };

/** What the log tells of credentials and of what they open; nothing where there is no log. */
async function readUses(dir: string): Promise<Uses> {
  const ages = new SecretFold();
  const worked = new Map<string, number>();
  if (!hasLog(dir)) return { ages, worked };
  for await (const shown of readLines({ dir })) {
    if (shown.kind !== 'entry') continue;
    ages.apply(shown.entry);
    const opened = openedBy(shown.entry);
    if (opened !== null) worked.set(opened, shown.entry.ts);
  }
  return { ages, worked };
}

/** What an entry shows to have let us in, or to have come in; null: nothing. */
function openedBy(entry: Entry): string | null {
  const fact = readFact(entry);
  if (fact?.kind === 'delivery.received') return `source:${fact.body.source}`;
  if (fact?.kind === 'model.attempted')
    return fact.body.outcome === 'ok' ? `model:${fact.body.provider}` : null;
  if (fact?.kind !== 'tool.finished' || fact.body.outcome !== 'ok') return null;
  if (fact.body.tool === 'slack_post') return 'slack';
  return fact.body.tool.startsWith('page_') && fact.body.tool !== 'page_fallback' ? 'pagerduty' : null;
}
