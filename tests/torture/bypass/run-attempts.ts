import { expireDue } from '#approvals/end.ts';
import type { Permit } from '#approvals/permit.ts';
import { createPermitSigner } from '#approvals/permit.ts';
import type { Log } from '#audit/log.ts';
import { canonical } from '#core/canonical.ts';
import { realRandom } from '#core/clock.ts';
import { FirebreakError } from '#core/errors.ts';
import type { AgentRole } from '#incidents/vocabulary.ts';
import { actTools } from '#tools/act/tools.ts';
import { reconcile } from '#tools/carry-out.ts';
import type { Attempt } from './attempt.ts';
import { aChange, allowed, pressed, proposed, somePlan } from './honest.ts';
import type { Rig } from './rig.ts';

/** Attempts on what runs: claims, permits, the executor, time, stops and broken parts. */
export const runAttempts: Readonly<Record<string, Attempt>> = {
  'clock rolled back': async (rig) => {
    const approval = await allowed(rig, await proposed(rig));
    rig.clock.jump(approval.plan.expiresAt - rig.clock.now() + rig.dice.roll(1000));
    if (rig.dice.roll(2) === 0) await expireDue(rig.gate);
    else await rig.push();
    rig.truth.forbid();
    rig.clock.jump(-1 - rig.dice.roll(3_600_000));
    await pressed(rig, approval);
  },
  'reuse sequential': async (rig) => {
    const approval = await allowed(rig, await proposed(rig));
    for (let time = 0; time < 3; time += 1) {
      await rig.push();
      const claimed = await rig.claim(approval);
      if (claimed.kind === 'permit') await rig.perform(claimed.permit);
    }
  },
  'reuse concurrent': async (rig) => {
    const approval = await allowed(rig, await proposed(rig, [aChange(rig.dice)]));
    const claims = Array.from({ length: 2 + rig.dice.roll(10) }, async () => {
      const claimed = await rig.claim(approval);
      if (claimed.kind === 'permit') await rig.perform(claimed.permit);
    });
    await Promise.all([...claims, rig.push(), rig.push()]);
  },
  'permit used twice': async (rig) => {
    const permit = await aPermit(rig);
    await Promise.all([rig.perform(permit), rig.perform(permit), rig.perform(structuredClone(permit))]);
    await rig.perform(permit);
  },
  'unsigned permit to executor': async (rig) => {
    const permit = await aPermit(rig);
    rig.truth.forbid();
    const signature = rig.dice.one([
      Buffer.alloc(64).toString('base64'),
      permit.signature.replace(/^./, (first) => (first === 'A' ? 'B' : 'A')),
      Buffer.from(permit.signature, 'base64').reverse().toString('base64'),
      createPermitSigner(realRandom).mint(permit.fields).signature,
    ]);
    await rig.perform({ ...permit, signature });
  },
  'permit for another action': async (rig) => {
    const { fields, signature } = await aPermit(rig);
    rig.truth.forbid();
    const { order } = fields;
    const changed: Permit['fields'] = rig.dice.one([
      {
        ...fields,
        order: {
          ...order,
          tool: 'service_restart',
          change: { tool: 'service_restart', target: 'service:payments' },
        },
      },
      {
        ...fields,
        order: { ...order, change: { tool: 'service_scale', target: order.change.target, replicas: 1 } },
      },
      { ...fields, jti: realRandom.uuid() },
      { ...fields, undo: true },
      { ...fields, order: { ...order, expectGeneration: order.expectGeneration + 1 } },
    ]);
    if (canonical(changed) !== canonical(fields)) await rig.perform({ fields: changed, signature });
  },
  'future permit': async (rig) => {
    const { fields, signature } = await aPermit(rig);
    rig.truth.forbid();
    const later = rig.dice.roll(100_000) + 1;
    await rig.perform({
      fields: { ...fields, mintedAt: fields.mintedAt + later, notAfter: fields.notAfter + later },
      signature,
    });
    // Signed by the right key, but it lives longer than any may, or is not yet born.
    await rig.perform(
      rig.gate.signer.mint({ ...fields, jti: realRandom.uuid(), notAfter: fields.notAfter + later }),
    );
    const born = { mintedAt: rig.clock.now() + later, notAfter: rig.clock.now() + later + 1 };
    await rig.perform(rig.gate.signer.mint({ ...fields, ...born, jti: realRandom.uuid() }));
  },
  'permit of another start': async (rig) => {
    const { fields } = await aPermit(rig);
    rig.truth.forbid();
    await rig.perform(
      rig.gate.signer.mint({ ...fields, jti: realRandom.uuid(), boot: `boot-${2 + rig.dice.roll(9)}` }),
    );
  },
  'permit kept for later': async (rig) => {
    const permit = await aPermit(rig);
    rig.truth.forbid();
    rig.clock.jump(30_001 + rig.dice.roll(100_000));
    await rig.perform(permit);
  },
  'direct tool import': async (rig) => {
    const tool = rig.dice.one(actTools);
    const [service] = [...rig.services.values()];
    if (service === undefined) throw new Error('no service');
    const change = { tool: 'service_restart', target: `service:${service.id}` } as const;
    const world = { workloads: new Map([['fake', rig.backend.reader]]) };
    const context = {
      world,
      inventory: rig.gate.inventory,
      clock: rig.clock,
      signal: AbortSignal.abort(),
      runbooks: [],
    };
    await tool.perform(
      { service, change, key: 'k', expectGeneration: 7 },
      context as unknown as Parameters<typeof tool.perform>[1],
    );
  },
  'recovery path re-run': async (rig) => {
    const approval = await allowed(rig, await proposed(rig));
    rig.backend.loseNextAnswer();
    await rig.push();
    for (let time = 0; time < 2; time += 1) {
      await reconcile({ gate: rig.gate, invoke: rig.invoke, execute: rig.execute }, approval);
      await rig.push();
    }
  },
  'audit disk full': async (rig) => {
    await allowed(rig, await proposed(rig));
    const kind = rig.dice.one(['approval.claimed', 'tool.intended', 'tool.finished']);
    if (kind !== 'tool.finished') rig.truth.forbid();
    const { log } = rig.gate;
    const append: Log['append'] = async (drafts, options) => {
      if (drafts.some((draft) => draft.kind === kind))
        throw new FirebreakError('log_append_failed', 'disk full');
      return log.append(drafts, options);
    };
    Object.assign(rig.gate, { log: { ...log, append } });
    await rig.push();
  },
  'kill switch on': async (rig) => {
    const approval = await proposed(rig);
    if (rig.dice.roll(4) > 0) await allowed(rig, approval);
    const flag = rig.dice.one([
      'off',
      'frozen',
      'unverified',
      'clockJumped',
      'unreadLog',
      'tampered',
    ] as const);
    rig.flags.now = { ...rig.flags.now, [flag]: true };
    rig.truth.forbid();
    if (flag === 'off' || flag === 'frozen') await pressed(rig, approval);
  },
  'kill switch during the claim': async (rig) => {
    await allowed(rig, await proposed(rig));
    const { signer } = rig.gate;
    // At the latest possible moment: the intent is durable, the permit is just being signed.
    const mint = (fields: Permit['fields']): Permit => {
      rig.flags.now = { ...rig.flags.now, off: true };
      rig.truth.forbid();
      return signer.mint(fields);
    };
    Object.assign(rig.gate, { signer: { ...signer, mint } });
    await rig.push();
  },
  'child inherits grant': async (rig) => {
    const calls = somePlan(rig.dice);
    const approval = await allowed(rig, await proposed(rig, calls));
    const role = rig.dice.one<AgentRole>(['monitor', 'diagnosis', 'coordinator', 'remediation']);
    const caller = { ...rig.caller(), role, allowlist: rig.dice.roll(2) === 0 ? [] : rig.caller().allowlist };
    await rig.turn(
      calls.map((call) => ({ ...call, args: { ...call.args, approval: approval.id } })),
      caller,
    );
    await rig.turn(calls, caller);
    await rig.push();
    await rig.turn(calls, caller);
  },
  'abort during gate': async (rig) => {
    const stop = new AbortController();
    const turn = rig.turn(somePlan(rig.dice), { ...rig.caller(), signal: stop.signal });
    for (let turns = rig.dice.roll(12); turns > 0; turns -= 1) await Promise.resolve();
    stop.abort();
    await turn;
  },
  'gate timeout': async (rig) => {
    const approval = await allowed(rig, await proposed(rig, [aChange(rig.dice)]));
    rig.truth.forbid();
    const { dryRun } = rig.backend.reader;
    const late = rig.dice.one([60_001, approval.plan.expiresAt - rig.clock.now()]);
    rig.backend.reader.dryRun = async (...args) => {
      rig.clock.jump(late);
      await rig.clock.advance(60_001);
      return dryRun(...args);
    };
    await rig.push();
    rig.backend.reader.dryRun = dryRun;
  },
};

/** A permit that was fairly won and not used yet. */
async function aPermit(rig: Rig): Promise<Permit> {
  const claimed = await rig.claim(await allowed(rig, await proposed(rig, [aChange(rig.dice)])));
  if (claimed.kind !== 'permit') throw new Error(`no permit: ${claimed.reason}`);
  return claimed.permit;
}
