import { createHmac } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Entry } from '#audit/log.ts';
import type { Clock } from '#core/clock.ts';
import { wayTo } from '#core/egress.ts';
import { FirebreakError, messageOf } from '#core/errors.ts';
import { type Fact, readFact } from '#incidents/entry.ts';
import type { Suite } from '../suite.ts';
import { openReceiver, SIGNING_SECRET, TOKEN } from './receiver.ts';

/** Vendors whose own format is read; everybody else posts to the generic source. */
const FORMATS: Readonly<Record<string, 'alertmanager' | 'pagerduty'>> = {
  alertmanager: 'alertmanager',
  grafana: 'alertmanager',
  pagerduty: 'pagerduty',
  'pagerduty-v3': 'pagerduty',
};

type Posted = { readonly file: string; readonly vendor: string; readonly raw: Buffer };
/** What became of one delivery. `lost`: the sender was told that it is taken care of, and the log does not have it. */
export type Outcome = {
  readonly kind: 'accepted' | 'refused' | 'threw' | 'lost';
  readonly detail: string;
};

/**
 * Webhooks of monitoring systems, each signed as its source signs and posted to the product's own way in. Each becomes
 * alerts that the log holds, or is refused with a reason.
 */
export const alerts: Suite = async ({ data, model, clock, maxReads, leaveOut }) => {
  if (data === null) throw new FirebreakError('usage', 'this suite needs the folder of its data: --data DIR');
  if (maxReads !== null || leaveOut !== null)
    throw new FirebreakError(
      'usage',
      'this suite has neither reads nor causes: no --max-reads, no --leave-out',
    );
  const rows: { posted: Posted; outcome: Outcome }[] = [];
  for (const posted of await deliveriesIn(data)) rows.push({ posted, outcome: await postOne(posted, clock) });
  const count = (kind: Outcome['kind']): number => rows.filter(({ outcome }) => outcome.kind === kind).length;
  const vendors = Map.groupBy(rows, ({ posted }) => posted.vendor);
  return {
    ...{ suite: 'alerts', model, cases: rows.length, passed: count('accepted') },
    metrics: {
      ...{
        accepted: count('accepted'),
        refused: count('refused'),
        threw: count('threw'),
        lost: count('lost'),
      },
      byVendor: Object.fromEntries(
        [...vendors].map(([vendor, own]) => [
          vendor,
          { cases: own.length, accepted: own.filter(({ outcome }) => outcome.kind === 'accepted').length },
        ]),
      ),
    },
    table: rows.map(
      ({ posted, outcome }) => `${posted.file.padEnd(28)} ${outcome.kind.padEnd(9)} ${outcome.detail}`,
    ),
  };
};

async function deliveriesIn(dir: string): Promise<Posted[]> {
  const entries = await readdir(dir, { withFileTypes: true, recursive: true });
  const files = entries.filter((entry) => entry.isFile() && /-\d+\.json$/.test(entry.name));
  return Promise.all(
    files
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .map(async ({ name, parentPath }) => ({
        file: name,
        vendor: name.replace(/-\d+\.json$/, ''),
        raw: await readFile(join(parentPath, name)),
      })),
  );
}

/** Each delivery meets a server of its own, so that none is taken for a repetition of another. Never throws for its body. */
export async function postOne({ vendor, raw }: Omit<Posted, 'file'>, clock: Clock): Promise<Outcome> {
  const format = FORMATS[vendor] ?? 'generic';
  const receiver = await openReceiver(format === 'pagerduty' ? atTimeOf(raw, clock) : clock);
  try {
    const answer = await wayTo(receiver.url)(`${receiver.url}/v1/alerts/${format}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...proofOf(format, raw) },
      body: new Uint8Array(raw),
    });
    const body: unknown = await answer.json();
    const entries = await receiver.entries();
    if (receiver.errors.length > 0 || answer.status >= 500)
      return { kind: 'threw', detail: receiver.errors[0] ?? `answered ${answer.status}` };
    return judge(body, entries);
  } catch (error) {
    return { kind: 'threw', detail: messageOf(error) };
  } finally {
    await receiver.close();
  }
}

function proofOf(format: string, raw: Buffer): Record<string, string> {
  if (format !== 'pagerduty') return { authorization: `Bearer ${TOKEN}` };
  const signature = createHmac('sha256', SIGNING_SECRET).update(raw).digest('hex');
  return { 'x-pagerduty-signature': `v1=${signature}` };
}

/** What is signed says when it was sent, and is refused when that is long ago: it is received a moment after. */
function atTimeOf(raw: Buffer, clock: Clock): Clock {
  const sent = /"occurred_at"\s*:\s*"([^"]{10,40})"/.exec(raw.toString('utf8'))?.[1];
  const at = Date.parse(sent ?? '');
  if (!Number.isFinite(at)) return clock;
  const offset = at + 1000 - clock.now();
  return { ...clock, now: () => clock.now() + offset };
}

const Answer = z.union([
  z.object({ alerts: z.int(), incidents: z.array(z.string()) }),
  z.object({ ignored: z.string() }),
  z.object({ reason: z.string() }),
]);

/** What the sender was told, held against what the log has. */
function judge(body: unknown, entries: readonly Entry[]): Outcome {
  const answer = Answer.safeParse(body).data;
  const facts = entries.flatMap((entry) => readFact(entry) ?? []);
  if (answer === undefined)
    return { kind: 'lost', detail: 'the answer says neither what came of it nor why not' };
  if ('reason' in answer || 'ignored' in answer) {
    const isKept = facts.some(({ kind }) => kind === 'delivery.refused' || kind === 'delivery.ignored');
    return { kind: isKept ? 'refused' : 'lost', detail: 'reason' in answer ? answer.reason : answer.ignored };
  }
  const names = facts.flatMap(nameIn);
  const placed = facts.reduce((sum, fact) => sum + placedBy(fact), 0);
  const detail = `${answer.alerts} alerts${names.length > 0 ? `: ${names.join(', ')}` : ''}`.slice(0, 160);
  return { kind: placed === answer.alerts && answer.alerts > 0 ? 'accepted' : 'lost', detail };
}

/** How many alerts an entry accounts for. */
function placedBy(fact: Fact): number {
  switch (fact.kind) {
    case 'delivery.received':
      return (fact.body.ignored ?? []).reduce((sum, { alerts: count }) => sum + count, 0);
    case 'incident.opened':
    case 'alert.joined':
    case 'alert.suppressed':
    case 'alert.cleared':
    case 'page.cleared':
      return 1;
    default:
      return 0;
  }
}

function nameIn(fact: Fact): string[] {
  switch (fact.kind) {
    case 'incident.opened':
    case 'alert.joined':
    case 'alert.suppressed':
      return [fact.body.alert.name];
    default:
      return [];
  }
}
