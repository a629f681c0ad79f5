import { z } from 'zod';
import type { Clock } from '#core/clock.ts';
import { wayTo } from '#core/egress.ts';
import { messageOf } from '#core/errors.ts';
import type { Secret } from '#core/secret.ts';

export type TestPage = {
  /** Address of the running server. */
  readonly url: string;
  /** An Alertmanager source, and its token. */
  readonly source: string;
  readonly token: Secret;
  readonly clock: Clock;
};

const Answer = z.object({ incidents: z.array(z.string()) });

/** Sends one harmless alert the way an Alertmanager would; waits at most 5 s. Does not throw. */
export async function sendTestPage(
  page: TestPage,
): Promise<{ kind: 'accepted'; incidents: readonly string[] } | { kind: 'failed'; detail: string }> {
  const sent = new Date(page.clock.now()).toISOString();
  const late = new AbortController();
  const cancel = page.clock.after(5000, () => late.abort(new Error('no answer within 5 s')));
  const alert = {
    status: 'firing',
    labels: { alertname: 'FirebreakTestPage', severity: 'info', sent },
    annotations: { summary: 'A test page. Nothing is wrong.' },
    startsAt: sent,
  };
  try {
    const response = await wayTo(page.url)(new URL(`/v1/alerts/${page.source}`, page.url), {
      method: 'POST',
      signal: late.signal,
      headers: { authorization: `Bearer ${page.token.reveal()}`, 'content-type': 'application/json' },
      body: JSON.stringify({ version: '4', status: 'firing', alerts: [alert] }),
    });
    if (!response.ok) return { kind: 'failed', detail: `the server answered with status ${response.status}` };
    return { kind: 'accepted', incidents: Answer.parse(await response.json()).incidents };
  } catch (error) {
    return { kind: 'failed', detail: `no server at ${page.url}: ${messageOf(error)}` };
  } finally {
    cancel();
  }
}
