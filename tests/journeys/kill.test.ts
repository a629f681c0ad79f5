import { expect, test } from 'vitest';
import { realClock } from '#core/clock.ts';
import { inject } from '#demo/faults.ts';
import { isKind, live } from './live.ts';

// Real processes all through. What a test waits for is a fact in the log, never a time: the machine may be busy.

const LIMIT_MS = 110_000;

test(
  'kill -9 while people are asked: the question survives, and the answer is carried out once',
  async () => {
    const { shop, command, start, verified } = await live();
    const first = await start();
    await realClock.sleep(9000);
    await inject('bad-deploy', 'checkout', shop);
    await expect.poll(() => shop.pager.pages().length, { timeout: 30_000 }).toBeGreaterThan(0);
    expect(await first.page('HighErrorRate', 'checkout')).toBe(202);
    await first.seen(isKind('approval.requested'));
    await first.server.kill();
    const asked = [{ approval: { id: 'A-1', state: 'pending' } }];
    expect((await command('approvals', 'list')).json).toMatchObject(asked);

    const second = await start();
    expect((await command('approvals', 'list')).json).toMatchObject(asked);
    expect((await command('status')).json).toMatchObject({ pending: [{ approval: 'A-1' }] });
    expect(await command('approvals', 'approve', 'A-1', '--yes')).toMatchObject({ code: 0 });
    const end = await second.seen(isKind('incident.resolved', 'incident.escalated'));
    expect(end.body).toMatchObject({ resolution: 'recovered' });
    await second.server.stop();

    const { kind, entries } = await verified();
    const changes = entries.filter(
      ({ kind, body }) => kind === 'tool.intended' && body.approval !== null && body.phase === 'run',
    );
    const outcomes = entries.filter(
      ({ kind, body }) => kind === 'tool.finished' && body.call === changes[0]?.body.call,
    );
    expect({ kind, changes: changes.length, outcomes: outcomes.map(({ body }) => body.outcome) }).toEqual({
      kind: 'ok',
      changes: 1,
      outcomes: ['ok'],
    });
    const deployments = await shop.supervisor.client.deployments('checkout');
    expect(deployments.filter(({ by }) => by !== 'ci').map(({ version }) => version)).toEqual(['v41']);
  },
  LIMIT_MS,
);

test(
  'kill -9 while agents look: their run ends as interrupted, the work goes on, people are asked once',
  async () => {
    const { shop, start, verified } = await live();
    const first = await start();
    const supervisor = shop.pids[2] ?? 0;
    // While what runs the services does not answer, the look at it lasts, and the kill meets it.
    process.kill(supervisor, 'SIGSTOP');
    try {
      expect(await first.page('HighErrorRate', 'checkout')).toBe(202);
      await first.seen(({ kind, body }) => kind === 'run.started' && body.role === 'monitor');
      await first.server.kill();
    } finally {
      process.kill(supervisor, 'SIGCONT');
    }
    const second = await start();
    const settled = await second.seen(
      ({ kind, body }) => kind === 'run.settled' && body.outcome === 'interrupted' && body.role === 'monitor',
    );
    expect(settled.body).toMatchObject({ role: 'monitor', reason: 'restart' });
    await second.seen(
      ({ kind, body, seq }) => kind === 'run.started' && body.role === 'monitor' && seq > settled.seq,
    );
    await second.seen(isKind('incident.escalated', 'approval.requested', 'incident.resolved'));
    await second.server.stop();

    const { kind, entries } = await verified();
    const asked = entries.filter(
      isKind('incident.opened', 'incident.escalated', 'approval.requested', 'incident.resolved'),
    );
    expect({ kind, asked: asked.length }).toEqual({ kind: 'ok', asked: 2 });
    expect(entries.filter(({ kind, body }) => kind === 'tool.intended' && body.approval !== null)).toEqual(
      [],
    );
  },
  LIMIT_MS,
);
