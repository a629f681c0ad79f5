import { onTestFinished } from 'vitest';
import { realClock } from '#core/clock.ts';
import { Secret } from '#core/secret.ts';
import type { Refusal } from '#intake/delivery.ts';
import { createWebhook, type WebhookAnswer } from '#intake/webhook.ts';
import type { Pager } from '#tools/drivers/pager.ts';
import { createPagerDuty } from '#tools/drivers/pagerduty.ts';
import { FakeClock } from '../fakes/fake-clock.ts';
import { startPagerDuty } from '../fakes/pagerduty/pagerduty.ts';
import { type SentWebhook, signatureOf } from '../fakes/pagerduty/webhooks.ts';
import { type InProcess, inProcess } from './in-process.ts';

const SECRET = 'secret-of-the-subscription';

/** The whole product beside a PagerDuty on a real wire; time is moved by hand and stands still while the wire works. */
export async function withPagerDuty(options: { outbound?: boolean } = {}) {
  const clock = new FakeClock();
  const { pagerduty, wire } = await aPagerDuty(clock);
  const run = await inProcess({
    clock,
    settled: wire.settled,
    ...(options.outbound !== false && { pager: wire.pager }),
  });
  return { pagerduty, run, ...doorOf(run) };
}

/** A PagerDuty on a real wire that keeps this time, and the way to tell it something. */
export async function aPagerDuty(clock: FakeClock) {
  const pagerduty = await startPagerDuty({ clock: { ...realClock, now: () => clock.now() } });
  onTestFinished(() => pagerduty.stop());
  const { url, token, routingKey } = pagerduty;
  const settings = {
    api: url,
    token: new Secret(token),
    from: 'bot@shop.example',
    events: { url, routingKey: new Secret(routingKey) },
  };
  const free = () => ({ worked: () => {}, failed: () => {}, undecided: () => {} });
  return { pagerduty, wire: counted(createPagerDuty({ settings, clock: realClock, enter: free })) };
}

/** Where webhooks come in, signed as PagerDuty signs them. */
export function doorOf(run: InProcess) {
  const refusals: Refusal[] = [];
  const webhook = createWebhook({
    sources: [
      { id: 'pagerduty', format: 'pagerduty', auth: { kind: 'signature', secrets: [new Secret(SECRET)] } },
    ],
    clock: run.clock,
    onAlert: (delivery) => run.firebreak.deliver(delivery),
    onRefused: async (refusal) => void refusals.push(refusal),
    onIgnored: async () => {},
    isSeen: (key) => run.folds.seenEvents.has(key),
  });
  const hand = ({ raw }: SentWebhook): Promise<WebhookAnswer> =>
    webhook.receive({
      source: 'pagerduty',
      raw,
      authorization: undefined,
      signature: signatureOf(raw, [SECRET]),
      peer: '127.0.0.1',
      correlation: 'c-1',
    });
  return { hand, refusals };
}

function counted(pager: Pager): { pager: Pager; settled: () => Promise<void> } {
  let open = 0;
  const count = async <T>(work: Promise<T>): Promise<T> => {
    open += 1;
    return work.finally(() => {
      open -= 1;
    });
  };
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  return {
    pager: {
      acknowledge: (...args) => count(pager.acknowledge(...args)),
      resolve: (...args) => count(pager.resolve(...args)),
      note: (...args) => count(pager.note(...args)),
      escalate: (...args) => count(pager.escalate(...args)),
      trigger: (...args) => count(pager.trigger(...args)),
      withdraw: (...args) => count(pager.withdraw(...args)),
      onCalls: (...args) => count(pager.onCalls(...args)),
    },
    settled: async () => {
      for (let quiet = 0; quiet < 5; quiet = open > 0 ? 0 : quiet + 1) await turn();
    },
  };
}
