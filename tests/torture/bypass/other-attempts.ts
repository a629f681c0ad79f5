import { sha256 } from '#core/hash.ts';
import type { Attempt } from './attempt.ts';
import { aCommand, allowed, pressed, proposed } from './honest.ts';
import type { Rig } from './rig.ts';

/** Attempts on changes of something else than a service. */
export const otherAttempts: Readonly<Record<string, Attempt>> = {
  'command swapped': async (rig) => {
    const approval = await allowed(rig, await proposed(rig, [aCommand(rig.dice)]));
    if (rig.dice.roll(2) === 0) return swap(rig);
    // As late as it can be: the permit is there, and the process that makes changes reads another config.
    const claimed = await rig.claim(approval);
    if (claimed.kind !== 'permit') throw new Error(`no permit: ${claimed.reason}`);
    swap(rig);
    await rig.perform(claimed.permit);
  },
  'value that the config does not list': async (rig) => {
    const value = rig.dice.one(['10', '0', '01', '-1', '--all', '1 2', '$(id)', '1\n', '']);
    const { tool, args } = aCommand(rig.dice);
    await rig.turn([{ tool, args: { ...args, params: [{ name: 'count', value }] } }]);
    await rig.turn([{ tool, args: { ...args, params: [] } }]);
    await rig.turn([{ tool, args: { ...args, service: 'service:payments' } }]);
    await rig.turn([{ tool, args: { ...args, target: 'action:wipe' } }]);
    for (const approval of rig.gate.approvals.all()) await pressed(rig, approval);
  },
  'command re-run after nobody knows': async (rig) => {
    const approval = await allowed(rig, await proposed(rig, [aCommand(rig.dice)]));
    rig.backend.loseNextAnswer();
    await rig.push();
    rig.truth.forbid();
    for (let time = 0; time < 2; time += 1) {
      await rig.push();
      const claimed = await rig.claim(approval);
      if (claimed.kind === 'permit') await rig.perform(claimed.permit);
    }
  },
  'silence that nobody asked for': async (rig) => {
    const target = `alert:${sha256(rig.dice.one(['a', 'b']))}`;
    const service = rig.dice.one(['service:checkout', 'service:payments']);
    await rig.turn([{ tool: 'alert_silence', args: { target, service, minutes: 1 + rig.dice.roll(120) } }]);
    for (const approval of rig.gate.approvals.all()) await pressed(rig, approval);
  },
  'cordon that no diagnosis names': async (rig) => {
    const service = rig.dice.one(['service:checkout', 'service:payments']);
    await rig.turn([{ tool: 'node_cordon', args: { target: `node:worker-${rig.dice.roll(9)}`, service } }]);
    for (const approval of rig.gate.approvals.all()) await pressed(rig, approval);
  },
};

/** Another command under the name that was approved. */
function swap(rig: Rig): void {
  const action = rig.actions.get('redeploy');
  if (action === undefined) throw new Error('no action');
  rig.dice.one<() => void>([
    () => void rig.actions.set(action.name, { ...action, argv: ['/opt/ops/redeploy', '--all', '{count}'] }),
    () => void rig.actions.set(action.name, { ...action, argv: ['/opt/ops/wipe', '{count}'] }),
    () => void rig.actions.set(action.name, { ...action, env: new Map([['KEY', 'file:/other']]) }),
    () => {
      rig.backend.program = sha256(`program ${rig.dice.roll(99)}`);
    },
  ])();
}
