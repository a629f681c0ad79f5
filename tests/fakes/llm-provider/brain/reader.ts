import { rulesModel } from '#agents/rules/model.ts';
import { serviceRef } from '#incidents/refs.ts';
import type { Answer, Asked } from '../asked.ts';
import { knownServices } from './known-services.ts';
import { requestOf } from './transcript.ts';

/** Services to ask about in one turn. */
const PER_TURN = 3;

/**
 * Plays an agent as a careful language model would: it knows what stands in the texts of the request and nothing else.
 * Figures, times, references and evidence ids are read back out of the prose; who calls whom is asked with
 * `workload_status` as services come up; what it then does follows the product's own rules. That incidents end well this
 * way shows that the wire carries what a model needs.
 */
export async function readingBrain(asked: Asked): Promise<Answer> {
  const request = requestOf(asked);
  const { inventory, unexplored } = knownServices(request);
  const looks =
    request.callsLeft > 1 &&
    request.role !== 'coordinator' &&
    asked.tools.some(({ name }) => name === 'workload_status');
  const open = looks ? unexplored.slice(0, PER_TURN) : [];
  const explore = open.map((service) => ({
    tool: 'workload_status',
    args: { service: serviceRef(service) },
  }));
  const reply = await rulesModel(inventory).reply(request, new AbortController().signal);
  if (reply.kind === 'failed') return { text: 'I do not understand what I am asked to do.' };
  const planned = reply.calls.filter(({ tool }) => explore.length === 0 || tool !== 'report');
  const isNew = ({ tool, args }: { tool: string; args: unknown }): boolean =>
    !planned.some((one) => one.tool === tool && JSON.stringify(one.args) === JSON.stringify(args));
  return {
    text: reply.text,
    calls: [...planned.map(({ tool, args }) => ({ tool, args })), ...explore.filter(isNew)],
  };
}
