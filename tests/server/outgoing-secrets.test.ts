import { createServer } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { realClock } from '#core/clock.ts';
import { Secret } from '#core/secret.ts';
import { createOutgoing } from '#llm/outgoing.ts';
import { createScrub } from '#llm/scrub.ts';
import { webhookFallback } from '#server/fallback.ts';
import { sendError } from '#server/http-reply.ts';
import { createLogger } from '#server/logger.ts';
import { label, plain, quoted } from '#slack/inert.ts';
import { askHttp, gapOfStatus } from '#tools/drivers/http-text.ts';
import { createPagerDuty } from '#tools/drivers/pagerduty.ts';
import { aPlace } from '../cli/a-context.ts';
import { planted } from '../core/redact-corpus.ts';
import { answer, slackRig } from '../slack/rig.ts';

/** Of no known format: only who holds it knows that it is one. */
const OWN = ['plain', 'horse', 'battery', 'staple'].join('-');
const KNOWN = planted.find(({ name }) => name === 'github classic')?.secret ?? '';
const SAID = `deploy fails with ${KNOWN} and ${OWN} at once`;
const CLEAN = 'deploy fails with [redacted] and [redacted] at once';
const signal = new AbortController().signal;
const clean = createScrub([new Secret(OWN)]);

/** What arrives at an address of this machine. */
async function listening(): Promise<{ url: string; bodies: string[] }> {
  const bodies: string[] = [];
  const server = createServer(async (request, response) => {
    bodies.push(Buffer.concat(await request.toArray()).toString('utf8'));
    response.end('{"status":"success"}');
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const at = server.address();
  return { url: `http://127.0.0.1:${typeof at === 'object' ? at?.port : 0}`, bodies };
}

test('no secret is in a line of the operational log, wherever in the line it stands', () => {
  const lines: string[] = [];
  const logger = createLogger(clean, { write: (line) => lines.push(line) });
  logger.error({ [KNOWN]: 1, deep: { error: SAID, header: `Bearer ${KNOWN}` } }, SAID);
  logger.warn(new Error(SAID));
  expect(lines).toHaveLength(2);
  expect(lines.join('')).toContain('[redacted]');
  expect(lines.join('')).not.toMatch(new RegExp(`${KNOWN}|${OWN}`));
});

test('no secret is in what Slack is told: posts, edits, answers and names of pictures', async () => {
  const { fake, app, close } = await slackRig({ clean });
  onTestFinished(close);
  const blocks = [Object({ type: 'section', text: { type: 'mrkdwn', text: SAID } })];
  const to = { channel: 'C0SHOP', thread: null, incident: 'INC-1', call: 'e3' };
  const posted = await app.send(
    { ...to, edit: null, content: { kind: 'message', text: SAID, blocks } },
    signal,
  );
  const edit = posted.kind === 'posted' ? posted.ts : '';
  await app.send({ ...to, edit, content: { kind: 'message', text: `${SAID} again`, blocks } }, signal);
  const png = new Uint8Array([1]);
  await app.send({ ...to, edit: null, content: { kind: 'picture', png, title: SAID, alt: SAID } }, signal);
  const sent = JSON.stringify(fake.workspace.calls.map(({ args }) => args));
  expect(sent.match(/\[redacted\]/g)?.length).toBeGreaterThan(8);
  expect(sent).not.toMatch(new RegExp(`${KNOWN}|${OWN}`));
});

test.each([
  ['postgres://shop:', '@db.internal/x'],
  ['https://', '@git.example.com/a.git'],
  ['https://hooks.slack.com/services/T0/B0/', ''],
  ['password=', ''],
  ['', ''],
])('no secret in %j is shown where text was made harmless for Slack before', (before, after) => {
  const odd = ['p&ss<w', 'rd>of*ours', 'in_it!'].join('');
  const scrub = createScrub([new Secret(odd)]);
  const known = ['hunter', '2sekret'].join('');
  for (const write of [label, quoted, (text: string) => plain(text, 200)]) {
    expect(scrub(write(`${before}${odd}${after} x`))).not.toMatch(/p&|ss&|rd›|rd>|of∗ours|of\*ours|in_it/);
    if (before !== '') expect(scrub(write(`${before}${known}${after} x`))).not.toContain('hunter');
  }
});

test('no secret is in what goes back with an acknowledgement', async () => {
  const { createReplies } = await import('#slack/replies.ts');
  const nobody = Object({});
  const replies = createReplies({
    web: nobody,
    channels: nobody,
    isKnown: () => true,
    onUnsaid: () => {},
    clean,
  });
  const said = JSON.stringify(replies.atOnce(answer(SAID, 'only_you')));
  expect(said.match(/\[redacted\]/g)).toHaveLength(4);
});

test('no secret is in a note, a page or a fallback', async () => {
  const { url, bodies } = await listening();
  const settings = {
    ...{ api: url, token: new Secret('t'.repeat(20)), from: 'a@example.test' },
    events: { url, routingKey: new Secret('r'.repeat(32)) },
  };
  const enter = () => ({ worked: () => {}, failed: () => {}, undecided: () => {} });
  const pager = createPagerDuty({ settings, clock: realClock, enter, clean });
  await pager.note('P1', SAID, signal);
  await pager.trigger({ key: 'k', severity: 'critical', summary: SAID }, signal);
  await webhookFallback(new Secret(url), realClock, clean).say(SAID, signal);
  expect(bodies.map((body) => JSON.parse(body))).toEqual([
    { note: { content: CLEAN } },
    expect.objectContaining({
      routing_key: 'r'.repeat(32),
      payload: expect.objectContaining({ summary: CLEAN }),
    }),
    { text: CLEAN },
  ]);
});

test('no secret is in a request to a model, a credential of ours not even where its source is sent in full', () => {
  const outgoing = createOutgoing({ policyOf: () => 'full', secrets: [new Secret(OWN)] });
  const item = { kind: 'input', source: 'brief', text: SAID } as const;
  expect(JSON.stringify(outgoing([Object(item)]))).toContain(CLEAN);
});

test('a credential is taken out as it is now and as it was before its last change', () => {
  let value = OWN;
  const scrub = createScrub([new Secret(() => value)]);
  expect(scrub(`a ${OWN} b`)).toBe('a [redacted] b');
  value = 'another-plain-value';
  expect(scrub(`a ${OWN} b ${value} c`)).toBe('a [redacted] b [redacted] c');
});

test('no secret is in an error that HTTP or the command line gives', async () => {
  const sent: unknown[] = [];
  const reply = Object({
    request: { id: 'c-1' },
    status: () => ({ send: (body: unknown) => sent.push(body) }),
  });
  sendError(reply, 400, `the body holds ${KNOWN}`);
  expect(sent).toEqual([{ error: 'the body holds [redacted]', correlation: 'c-1' }]);
  using place = aPlace();
  const name = `postgres://shop:${KNOWN}@db/shop.yaml`;
  for (const args of [
    ['policy', 'diff', name, name],
    ['triage', name],
  ]) {
    const { exit, out, err } = await place.run([...args, '--json']);
    const said = [...out, ...err].join('\n');
    expect([exit > 0, said]).toEqual([true, expect.stringContaining('[redacted]')]);
    expect(said).not.toContain(KNOWN);
  }
});

test('what comes in pieces is put together before secrets are looked for, wherever a piece ends', async () => {
  const text = `upstream says: token ${KNOWN} is wrong`;
  for (let cut = 1; cut < text.length; cut += 1) {
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        for (const part of [text.slice(0, cut), text.slice(cut)]) controller.enqueue(Buffer.from(part));
        controller.close();
      },
    });
    const send = async () => new Response(body, { status: 500 });
    const answered = await askHttp({ url: 'http://127.0.0.1:9', timeoutMs: 1000, send }, realClock, signal);
    if (answered.kind !== 'answer') throw new Error(answered.detail);
    expect(gapOfStatus(answered).detail).toBe('HTTP 500 upstream says: token [redacted] is wrong');
  }
});

test('a secret that a long answer is cut through is not shown in part', () => {
  const key = planted.find(({ name }) => name === 'PRIVATE KEY')?.text ?? '';
  const long = `${key.replace('-----END', `${'A'.repeat(7_850)}-----END`)} `;
  for (let shift = 0; shift < 60; shift += 1) {
    const { detail } = gapOfStatus({
      kind: 'answer',
      status: 500,
      text: `${long}${'x'.repeat(shift)} ${KNOWN} end`,
    });
    expect(detail).not.toContain(KNOWN.slice(0, 8));
  }
});
