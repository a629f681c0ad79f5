import { isUtf8 } from 'node:buffer';
import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseJson } from '#core/canonical.ts';
import { FirebreakError, messageOf } from '#core/errors.ts';
import { clip } from '#core/inert.ts';
import { count } from '#views/numbers.ts';
import { plainReason } from '#views/words.ts';
import { TriageAnswer } from '../answers.ts';
import { ask, findServer } from '../client.ts';
import type { Common, Context, Outcome } from '../context.ts';

/** As much as a page may hold. */
const MAX_BYTES = 256 * 1024;
/** More of a first line is no name. */
const MAX_NAME = 120;

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

/** What begins like JSON must be JSON; anything else is what a person says. */
function deliveryOf(text: string, file: string): string {
  const said = text.trim();
  if (said === '') throw new FirebreakError('usage', `${file} is empty`);
  if (!/^[[{]/.test(said)) return wordsOf(said, file);
  const json = parseJson(text, { floats: true, nodes: 100_000 });
  if (json.kind === 'ok') return text;
  throw new FirebreakError(
    'usage',
    `${file} is not JSON that can be read (${plainReason(json.reason)}); give an Alertmanager webhook body, one alert, or a few words`,
  );
}

/** A page of a few words: the first line names it. Bytes that are no text became U+FFFD on standard input. */
function wordsOf(said: string, file: string): string {
  if (/[\0\u{fffd}]/u.test(said)) throw notText(file);
  const [name = said] = said.split('\n');
  const page = JSON.stringify({ name: clip(name, MAX_NAME), summary: said.replaceAll(/\s+/g, ' ') });
  if (Buffer.byteLength(page) > MAX_BYTES) throw tooLarge(file);
  return page;
}

function notText(file: string): FirebreakError {
  return new FirebreakError('usage', `${file} is not text; give a few words, or alerts as JSON in UTF-8`);
}

function tooLarge(file: string): FirebreakError {
  return new FirebreakError('usage', `${file} is larger than a page may be (256 KiB)`);
}

async function textOf(file: string, context: Context): Promise<string> {
  const text = file === '-' ? await context.stdin() : readText(resolve(context.cwd, file));
  if (Buffer.byteLength(text) > MAX_BYTES) throw tooLarge(file);
  return text;
}

function readText(path: string): string {
  try {
    const found = statSync(path);
    if (found.isDirectory())
      throw new FirebreakError('usage', `${path} is a folder; give a file, or - for standard input`);
    if (found.size > MAX_BYTES) throw tooLarge(path);
    const bytes = readFileSync(path);
    if (!isUtf8(bytes)) throw notText(path);
    return bytes.toString('utf8');
  } catch (error) {
    if (error instanceof FirebreakError) throw error;
    throw new FirebreakError('usage', `${path} cannot be read: ${messageOf(error)}`, { cause: error });
  }
}
