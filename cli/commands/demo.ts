import { FirebreakError } from '#core/errors.ts';
import type { Common, Outcome } from '../context.ts';

export type DemoFlags = Common & {
  readonly scenario?: string;
  readonly all?: boolean;
  readonly blind?: boolean;
  readonly breakIt?: boolean;
  readonly seed: string;
  readonly approveAs?: string;
  readonly keep?: string;
  readonly model?: string;
  readonly slackFake?: boolean;
  readonly from: string;
};

/** Runs the demo, which prints by itself. */
export async function runDemo(flags: DemoFlags): Promise<Outcome> {
  const { scenario, approveAs, keep, model, from } = flags;
  if (!/^\d{1,9}$/.test(flags.seed)) throw new FirebreakError('usage', '--seed: give a whole number');
  if (from !== 'alertmanager' && from !== 'pagerduty')
    throw new FirebreakError('usage', `--from: "${from}" is not a sender; give alertmanager or pagerduty`);
  const { demo } = await import('#demo/main.ts');
  const exit = await demo({
    all: flags.all ?? false,
    blind: flags.blind ?? false,
    breakIt: flags.breakIt ?? false,
    seed: Number(flags.seed),
    json: flags.json ?? false,
    slackFake: flags.slackFake ?? false,
    from,
    ...(scenario !== undefined && { scenario }),
    ...(approveAs !== undefined && { approveAs }),
    ...(keep !== undefined && { keep }),
    ...(model !== undefined && { model }),
  });
  return { lines: [], exit };
}
