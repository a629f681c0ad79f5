import type { Entry } from '#audit/log.ts';
import { Secret } from '#core/secret.ts';
import type { Inventory } from '#incidents/inventory.ts';
import type { Model } from '#llm/model.ts';
import { createOutgoing } from '#llm/outgoing.ts';
import { sendPolicyOf } from '#server/send-policy.ts';
import { incidentCard } from '#views/incident-card.ts';

/**
 * Secrets that are planted to see whether they get out. The first is one that the config holds; the others are of formats
 * that are known.
 */
export function canaries(seed: string): { config: string; telemetry: readonly string[] } {
  const part = seed
    .replaceAll(/[^a-z0-9]/gi, '')
    .padEnd(12, '7')
    .slice(0, 12);
  return {
    config: `canary.${part}.of.the.config`,
    telemetry: [`ghp_${`${part}CanaryCanaryCanaryCanary00`.slice(0, 36)}`, `password=Canary${part}`],
  };
}

/** What left for a model, and what it was asked with: as a server sends it, with secrets and rules of the config applied. */
export function watched(
  model: Model,
  { inventory, config, out }: { inventory: Inventory; config: string; out: string[] },
): Model {
  const outgoing = createOutgoing({
    policyOf: sendPolicyOf(new Map(), inventory),
    secrets: [new Secret(config)],
  });
  return {
    name: model.name,
    reply: (request, signal) => {
      const sent = outgoing(request.items);
      out.push(JSON.stringify(sent));
      // What rules read stays on the machine; a model gets the text that left.
      const items = request.items.map((item, at) => ({ ...item, text: sent[at]?.text ?? '' }));
      return model.reply({ ...request, items }, signal);
    },
  };
}

/** How many of the planted secrets are in anything that people, other systems or a model see. */
export function secretsOut(
  secrets: readonly string[],
  out: readonly string[],
  entries: readonly Entry[],
): number {
  const seen = [...out, JSON.stringify(entries), JSON.stringify(incidentCard(entries, 'UTC') ?? null)];
  // The word before a password is none.
  const values = secrets.map((secret) => secret.replace(/^password=/, ''));
  return values.filter((value) => seen.some((text) => text.includes(value))).length;
}
