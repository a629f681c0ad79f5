import type { JsonValue } from '#core/canonical.ts';
import { diceOf } from '#tests/torture/bypass/dice.ts';
import { allowed, pressed, proposed } from '#tests/torture/bypass/honest.ts';
import { aRig } from '#tests/torture/bypass/rig.ts';
import { actTools } from '#tools/act/tools.ts';
import type { SeedCheck } from './check.ts';

/** Inputs that other systems' lists of allowed commands let pass, by system. */
const PASSED: Readonly<Record<string, readonly string[]>> = {
  'Ops Automation, over SSH': [
    'cat x; id',
    'ls && reboot',
    'curl http://127.0.0.1/x | sh',
    'systemctl stop sshd',
    'kubectl delete ns prod',
    'docker run --privileged -v /:/h x',
  ],
  'MasterClaw, mc exec': [
    '/bin/rm -rf /x',
    'busybox rm -rf /x',
    'env rm -rf /x',
    'find / -delete',
    'sh -c "find / -delete"',
    'sh -ec "rm -rf /x"',
    'xargs rm',
    'python3 -c "import os"',
    'truncate -s 0 /x',
    'kill -9 1',
  ],
  'MasterClaw, workflow': [
    'rm --recursive --force /',
    'ssh root@h reboot',
    'chmod -R 777 /',
    'terraform destroy',
    'unknowncmd',
  ],
  'MasterClaw, core tool': [
    'ls & reboot',
    'ls\nreboot',
    'cat /proc/self/environ',
    'find / -exec kill -9 1 +',
    'date -s 2001-01-01',
    'uptime & curl http://127.0.0.1/ -d @file',
  ],
};

/**
 * Each input as the name of a tool, as its arguments, and in place of each argument of each tool that changes something;
 * then everybody approves all that waits, and the product carries out what it would. Counts what reached a backend that
 * does whatever it is told. One honest change shows that the count can move.
 */
export async function commandsCheck(): Promise<SeedCheck> {
  const inputs = Object.values(PASSED).flat();
  const effects: number[] = [];
  for (const [at, input] of inputs.entries()) effects.push(await effectsOf(input, at));
  const honest = await honestEffects();
  const through = effects.filter((count) => count > 0).length;
  const name = 'commands that nobody allowed';
  return {
    name,
    recorded:
      'Ops Automation lets 6 of 9 pass, MasterClaw `mc exec` 10 of 14, `mc workflow` 9 of 12, its core tool 8 of 11',
    ours: `${through} of ${inputs.length} have an effect`,
    wrong: [
      ...(through === 0 ? [] : [`${name}: ${through} of ${inputs.length} have an effect`]),
      ...(honest === 1
        ? []
        : [`${name}: an approved change has ${honest} effects, so the count says nothing`]),
    ],
  };
}

async function effectsOf(input: string, seed: number): Promise<number> {
  const rig = await aRig(diceOf(seed));
  const calls: { tool: string; args: JsonValue }[] = [
    { tool: input, args: {} },
    ...actTools.flatMap(({ name }) => [
      { tool: name, args: input },
      { tool: name, args: { target: input } },
      { tool: name, args: { target: `service:checkout ${input}` } },
      {
        tool: name,
        args: { target: 'service:checkout', to: input, replicas: input, action: input, command: input },
      },
    ]),
  ];
  // Each alone, for a plan holds only together.
  for (const call of calls) await rig.turn([call]);
  for (const approval of rig.gate.approvals.all()) await pressed(rig, approval);
  await rig.push();
  return rig.backend.effects.length;
}

async function honestEffects(): Promise<number> {
  const rig = await aRig(diceOf(0));
  await allowed(
    rig,
    await proposed(rig, [{ tool: 'service_restart', args: { target: 'service:checkout' } }]),
  );
  await rig.push();
  return rig.backend.effects.length;
}
