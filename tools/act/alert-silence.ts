import { z } from 'zod';
import { MOST_SILENT_MINUTES, Step } from '#approvals/plan.ts';
import { Digest } from '#core/ids.ts';
import { AlertRef, ServiceRef } from '#incidents/refs.ts';
import { shortForeign } from '../drivers/http-text.ts';
import type { ChangeOutcome, World } from '../drivers/ports.ts';
import type { FiringAlert, SilenceDriver } from '../drivers/silence-port.ts';
import { knownService } from '../read/known-service.ts';
import type { ActTool, ToolContext } from '../tool.ts';
import { DEADLINE_MS, type Prepared, refused } from './prepare-step.ts';

const Args = z.strictObject({
  target: AlertRef.describe('The alert of this incident that a person asks to be silenced'),
  service: ServiceRef.describe('The service that the incident is about'),
  minutes: z.int().min(1).max(MOST_SILENT_MINUTES),
});
type Args = z.infer<typeof Args>;

const TOOL_VERSION = 1;
/** All labels stand on the card that people decide on. */
const MOST_SHOWN = 1200;

/** Keeps people from being paged by one alert of the incident for a while. It repairs nothing. Taking it back ends it. */
export const alertSilence: ActTool<Args> = {
  kind: 'act',
  tier: 'R2',
  effect: 'keyed',
  name: 'alert_silence',
  version: TOOL_VERSION,
  description:
    'Propose to silence one alert for some minutes, because a person asked for it. Repairs nothing.',
  args: Args,
  deadlineMs: DEADLINE_MS,
  prepare,
  perform: async ({ change, key }, { world, signal }) => {
    if (change.tool !== 'alert_silence') return nothingThere;
    return 'back' in change
      ? expire(world, key, signal)
      : silence(world, { fingerprint: fingerprintOf(change.target), minutes: change.minutes, key }, signal);
  },
  settle: async ({ key }, { world, signal }) => {
    const all = await Promise.all(driversOf(world).map((one) => one.settle(key, signal)));
    if (all.includes('unknown') || all.length === 0) return 'unknown';
    // Its end is over only where no Alertmanager has it any more.
    const isEnd = key.endsWith('-undo');
    const isSo = isEnd ? all.every((one) => one === 'happened') : all.includes('happened');
    return isSo ? 'happened' : 'did_not_happen';
  },
};

const nothingThere: Extract<ChangeOutcome, { kind: 'refused' }> = {
  kind: 'refused',
  reason: 'not_found',
  detail: 'no Alertmanager has this alert',
};
const driversOf = ({ silences }: World): readonly SilenceDriver[] => [...(silences?.values() ?? [])];
const fingerprintOf = (target: string): Digest => Digest.parse(target.slice('alert:'.length));

async function prepare(args: Args, { inventory, world, signal }: ToolContext): Promise<Prepared> {
  const service = knownService(inventory, args.service);
  if (service === undefined) return refused('unknown_reference', `${args.service} is not in the inventory`);
  if (driversOf(world).length === 0) return refused('not_configured', 'no source can be silenced');
  const found = await firing(world, fingerprintOf(args.target), signal);
  if ('reason' in found) return refused('dry_run_failed', `${found.reason}: ${found.detail}`);
  const { alert, driver } = found;
  if (alert.matchers.reduce((sum, { name, value }) => sum + name.length + value.length, 0) > MOST_SHOWN)
    return refused('too_wide', 'its labels are too long for people to be shown all of them');
  const step = Step.safeParse({
    tool: 'alert_silence',
    toolVersion: TOOL_VERSION,
    tier: 'R2',
    change: { tool: 'alert_silence', ...args },
    target: {
      ...{ ref: args.target, service: service.id, environment: service.environment },
      ...{ uid: args.target, generation: 0 },
    },
    preview: { alert: alert.name, matchers: [...alert.matchers] },
    undo: { tool: 'alert_silence', service: args.service, back: true },
    touches: [service.id],
    deadlineMs: DEADLINE_MS,
    manual: driver.manual(alert, args.minutes),
  });
  return step.success
    ? { kind: 'step', step: step.data }
    : refused('dry_run_failed', shortForeign(z.prettifyError(step.error)));
}

type Found = { readonly alert: FiringAlert; readonly driver: SilenceDriver };

/** The Alertmanager in which the alert fires; else what kept it from being seen, which weighs more than that it is not there. */
async function firing(
  world: World,
  fingerprint: Digest,
  signal: AbortSignal,
): Promise<Found | { readonly reason: string; readonly detail: string }> {
  let why = { reason: 'no_data', detail: 'the alert fires in no Alertmanager' };
  for (const driver of driversOf(world)) {
    const seen = await driver.find(fingerprint, signal);
    if (seen.kind === 'seen') return { alert: seen.value, driver };
    if (why.reason === 'no_data') why = seen;
  }
  return why;
}

async function silence(
  world: World,
  order: Parameters<SilenceDriver['silence']>[0],
  signal: AbortSignal,
): Promise<ChangeOutcome> {
  const drivers = driversOf(world);
  // A repeated order is for the one that has its silence, also when the alert fires no more.
  for (const driver of drivers)
    if ((await driver.settle(order.key, signal)) === 'happened') return driver.silence(order, signal);
  const found = await firing(world, order.fingerprint, signal);
  return 'driver' in found ? found.driver.silence(order, signal) : { ...nothingThere, detail: found.detail };
}

/** Ended wherever it is; the worst answer counts. */
async function expire(world: World, key: string, signal: AbortSignal): Promise<ChangeOutcome> {
  const outcomes = await Promise.all(driversOf(world).map((one) => one.expire(key, signal)));
  return (
    outcomes.find(({ kind }) => kind === 'unknown') ??
    outcomes.find(({ kind }) => kind === 'refused') ??
    outcomes[0] ??
    nothingThere
  );
}
