import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { realClock } from '#core/clock.ts';
import { inject } from '#demo/faults.ts';
import { isKind, type Live, live } from './live.ts';

// Real processes all through. What a test waits for is a fact in the log, never a time: the machine may be busy.

const LIMIT_MS = 110_000;

/** The operator's own way back to a version, with a key that only the process which makes changes reads. */
const REDEPLOY = `#!${process.execPath}
const [url, service, version] = process.argv.slice(2);
const answer = await fetch(url + '/v1/services/' + service + '/deploy', {
  method: 'POST',
  headers: { authorization: 'Bearer ' + process.env.DEPLOY_KEY, 'content-type': 'application/json' },
  body: JSON.stringify({ version, idempotencyKey: 'by-action' }),
});
console.log(answer.status, process.env.DEPLOY_KEY, Object.keys(process.env).join());
process.exit(answer.ok ? 0 : 1);
`;

/** Adds the action to the config; only a person asks for it. Gives the file that is touched when its program runs. */
function withAction({ home, shop }: Live): void {
  const ops = join(home.dir, 'ops');
  mkdirSync(ops, { mode: 0o700 });
  const program = join(ops, 'redeploy.mjs');
  writeFileSync(program, REDEPLOY, { mode: 0o755 });
  const actions = `actions:
  - name: redeploy
    service: checkout
    about: Deploy a version of checkout again
    argv: [${program}, '${shop.supervisor.url}', checkout, '{version}']
    params: {version: {one_of: [v41, v42]}}
    env: {DEPLOY_KEY: "file:${join(home.dir, 'supervisor-act.token')}"}
`;
  const text = readFileSync(home.config, 'utf8');
  const rule = 'tools: [service_restart, ';
  writeFileSync(home.config, `${text.replace(rule, 'tools: [operator_action, service_restart, ')}${actions}`);
}

test(
  "a person asks for the operator's own action, says yes to the command, and it is run once and brings the service back",
  async () => {
    const made = await live();
    const { shop, home, command, start, verified } = made;
    withAction(made);
    const on = await start();
    await realClock.sleep(9000);
    await inject('bad-deploy', 'checkout', shop);
    await expect.poll(() => shop.pager.pages().length, { timeout: 30_000 }).toBeGreaterThan(0);
    expect(await on.page('HighErrorRate', 'checkout')).toBe(202);
    await on.seen(isKind('approval.requested'));

    const ask = async (target: string): Promise<number> => {
      const token = readFileSync(home.approver.tokenFile, 'utf8').trim();
      const action = { tool: 'operator_action', target };
      const answer = await fetch(`${on.server.url}/v1/incidents/INC-1`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ verb: 'change', action }),
      });
      return answer.status;
    };
    expect(await ask('action:redeploy?version=v43')).toBeGreaterThanOrEqual(400);
    expect(await ask('action:redeploy?version=v41')).toBe(200);
    const asked = await on.seen(({ kind, body }) => kind === 'approval.requested' && body.approval === 'A-2');
    expect(asked.body).toMatchObject({
      plan: { requestedBy: ['alice'], steps: [{ tool: 'operator_action', preview: { back: null } }] },
    });
    const yes = ['approvals', 'approve', 'A-2', '--yes'];
    expect(await command(...yes)).toMatchObject({
      code: 1,
      json: { kind: 'refused', reason: 'target_not_typed' },
    });
    const said = await command(...yes, '--typed', 'checkout');
    expect(said, JSON.stringify(said)).toMatchObject({ code: 0 });
    expect((await on.seen(isKind('incident.resolved', 'incident.escalated'))).body).toMatchObject({
      resolution: 'recovered',
    });
    await on.server.stop();

    const { kind, entries } = await verified();
    const runs = entries.filter(
      (one) =>
        one.kind === 'tool.intended' && one.body.tool === 'operator_action' && one.body.phase === 'run',
    );
    const ended = entries.filter(
      (one) => one.kind === 'tool.finished' && one.body.call === runs[0]?.body.call,
    );
    expect({
      kind,
      runs: runs.length,
      ended: ended.map(({ body }) => [body.outcome, body.exitCode]),
    }).toEqual({
      ...{ kind: 'ok', runs: 1 },
      ended: [['ok', 0]],
    });
    const deployments = await shop.supervisor.client.deployments('checkout');
    expect(deployments.filter(({ by }) => by !== 'ci').map(({ version }) => version)).toEqual(['v41']);
  },
  LIMIT_MS,
);
