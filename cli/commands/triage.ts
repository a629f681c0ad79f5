import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseJson } from '#core/canonical.ts';
import { FirebreakError, messageOf } from '#core/errors.ts';
import { count } from '#views/numbers.ts';
import { plainReason } from '#views/words.ts';
import { TriageAnswer } from '../answers.ts';
import { ask, findServer } from '../client.ts';
import type { Common, Context, Outcome } from '../context.ts';

/** As much as a page may hold. */
const MAX_BYTES = 256 * 1024;

/**
 * Hands a delivery of any source, or a few words, from a file (or `-`, standard input) to the server as if it had been
 * paged; the token says by whom.
 */
export async function triage(file: string, options: Common, context: Context): Promise<Outcome> {
  const text = await textOf(file, context);
  const answer = await ask(
    findServer(options, context),
    { method: 'POST', path: '/v1/alerts/cli', body: deliveryOf(text, file) },
    TriageAnswer,
  );
  const { incidents, alerts, skipped } = answer;
  const lines = incidents.map((id) => `${id}: look at it with firebreak incidents show ${id}`);
  if (skipped > 0)
    lines.push(`${count(skipped, 'alert')} could not be read and ${skipped === 1 ? 'was' : 'were'} left out`);
  return {
    lines:
      incidents.length === 0
        ? [`${count(alerts, 'alert')} taken, none concerns an incident`, ...lines]
        : lines,
    json: answer,
  };
}

/** What begins like JSON must be JSON; anything else is what a person says: its first line names it. */
function deliveryOf(text: string, file: string): string {
  const said = text.trim();
  if (said === '') throw new FirebreakError('usage', `${file} is empty`);
  if (!/^[[{]/.test(said)) {
    const [name = said] = said.split('\n');
    return JSON.stringify({ name, summary: said.replaceAll(/\s+/g, ' ') });
  }
  const json = parseJson(text, { floats: true, nodes: 100_000 });
  if (json.kind === 'ok') return text;
  throw new FirebreakError(
    'usage',
    `${file} is not JSON that can be read (${plainReason(json.reason)}); give an Alertmanager webhook body, one alert, or a few words`,
  );
}

async function textOf(file: string, context: Context): Promise<string> {
  const text = file === '-' ? await context.stdin() : readText(resolve(context.cwd, file));
  if (Buffer.byteLength(text) > MAX_BYTES)
    throw new FirebreakError('usage', `${file} is larger than a page may be (256 KiB)`);
  return text;
}

function readText(path: string): string {
  try {
    if (statSync(path).size > MAX_BYTES)
      throw new FirebreakError('usage', `${path} is larger than a page may be (256 KiB)`);
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof FirebreakError) throw error;
    throw new FirebreakError('usage', `${path} cannot be read: ${messageOf(error)}`, { cause: error });
  }
}
