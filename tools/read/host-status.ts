import { z } from 'zod';
import { HostSeen } from '#incidents/observations-host.ts';
import { ServiceRef } from '#incidents/refs.ts';
import type { ReadTool, ToolContext, ToolResult } from '../tool.ts';
import { cleaned } from './cleaned.ts';
import { joined } from './foreign.ts';
import { knownService, notConfigured, unknownService } from './known-service.ts';

const Args = z.strictObject({ service: ServiceRef });
type Args = z.infer<typeof Args>;

/** The machine that a service of the config runs on, where that is this one. */
export const hostStatus: ReadTool<Args> = {
  kind: 'read',
  tier: 'R0',
  name: 'host_status',
  version: 1,
  description: 'Load, memory, disks and the largest processes of the machine that a service runs on.',
  args: Args,
  deadlineMs: 10_000,
  perform: ({ service }, context) => status(service, context),
};

async function status(ref: ServiceRef, { inventory, world, signal }: ToolContext): Promise<ToolResult> {
  const service = knownService(inventory, ref);
  if (service === undefined) return unknownService(ref);
  if (service.host !== true || world.host === undefined)
    return notConfigured(`${service.id} does not say that it runs on this machine`);
  const seen = await world.host.status(signal);
  if (seen.kind === 'gap') return seen;
  const parsed = HostSeen.safeParse(cleaned(seen.value, 200));
  if (!parsed.success) return { kind: 'gap', reason: 'bad_answer', detail: 'figures of an unknown shape' };
  return { kind: 'ok', value: parsed.data, text: textOf(parsed.data), facts: { service: ref } };
}

const percent = (share: number): string => `${Math.round(share * 100)} %`;
const gib = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`;

function textOf({ load, processors, cpu, memory, disks, processes }: HostSeen): string {
  return joined([
    `load ${load.map((value) => value.toFixed(2)).join(' ')} on ${processors} processors`,
    ...(cpu === null ? [] : [`processors ${percent(cpu.busy)} busy, ${percent(cpu.waiting)} wait for disks`]),
    `memory: ${gib(memory.available)} of ${gib(memory.total)} available`,
    ...disks.map(({ path, total, free }) => `disk ${path}: ${gib(free)} of ${gib(total)} free`),
    ...processes.map(({ name, count, resident }) => `${count} x ${name}: ${gib(resident)}`),
  ]);
}
