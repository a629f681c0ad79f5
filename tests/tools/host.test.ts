import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { ServiceId } from '#core/ids.ts';
import { HostSeen } from '#incidents/observations-host.ts';
import { serviceRef } from '#incidents/refs.ts';
import { createGuard } from '#tools/drivers/breaker.ts';
import { guardHost } from '#tools/drivers/guarded.ts';
import { createHost } from '#tools/drivers/host.ts';
import { hostStatus } from '#tools/read/host-status.ts';
import { FakeClock } from '../fakes/fake-clock.ts';
import { fakeContext } from './fake-context.ts';
import { never } from './loopback.ts';

/** A folder that looks like `/proc` of a small machine. */
function aProc(): string {
  const dir = mkdtempSync(join(tmpdir(), 'firebreak-proc-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const put = (path: string, text: string) => {
    mkdirSync(join(dir, path, '..'), { recursive: true });
    writeFileSync(join(dir, path), text);
  };
  put('stat', 'cpu  100 0 100 700 100 0 0 0 0 0\n');
  put('meminfo', 'MemTotal: 1000 kB\nMemAvailable: 250 kB\nSwapTotal: 100 kB\nSwapFree: 40 kB\n');
  put('self/mounts', 'proc /proc proc rw 0 0\n/dev/sda1 / ext4 rw 0 0\n');
  put('12/comm', 'postgres\n');
  put('12/statm', '900 300 0 0 0 0 0\n');
  put('12/cmdline', 'postgres --password=hunter2');
  put('13/comm', 'postgres\n');
  put('13/statm', '900 100 0 0 0 0 0\n');
  put('14/comm', 'node\n');
  put('14/statm', '900 50 0 0 0 0 0\n');
  put('15/comm', '');
  return dir;
}

async function look(proc: string, change: () => void = () => {}) {
  const clock = new FakeClock();
  const seen = createHost(clock, proc).status(never);
  await expect.poll(() => clock.waiting, { timeout: 10_000, interval: 5 }).toBe(1);
  change();
  await clock.advance(250);
  return seen;
}

test('processors, memory, disks and the largest programs are seen, by name and without their arguments', async () => {
  const proc = aProc();
  const seen = await look(proc, () =>
    writeFileSync(join(proc, 'stat'), 'cpu  160 0 120 710 110 0 0 0 0 0\n'),
  );
  expect(seen).toMatchObject({
    kind: 'seen',
    value: {
      cpu: { busy: expect.closeTo(0.8), waiting: expect.closeTo(0.1) },
      memory: { total: 1_024_000, available: 256_000, swapUsed: 61_440 },
      processes: [
        { name: 'postgres', count: 2, resident: 400 * 4096 },
        { name: 'node', count: 1, resident: 50 * 4096 },
      ],
    },
  });
  expect(JSON.stringify(seen)).not.toContain('hunter2');
  expect(HostSeen.safeParse(seen.kind === 'seen' ? seen.value : null).success).toBe(true);
});

test('what a system does not show is null or left out, and no crash', async () => {
  const seen = await look(join(aProc(), 'nowhere'));
  expect(seen).toMatchObject({ kind: 'seen', value: { cpu: null, processes: [] } });
});

test('a disk that does not answer is asked once, and one of another machine never', async () => {
  const proc = aProc();
  const mounts = ['/dev/sda1 / ext4 rw 0 0', '/dev/sdb1 /stuck xfs rw 0 0', 'nas:/x /far nfs4 rw 0 0'];
  writeFileSync(join(proc, 'self/mounts'), `${mounts.join('\n')}\n`);
  const clock = new FakeClock();
  const asked: string[] = [];
  const room = async (path: string) => {
    asked.push(path);
    if (path === '/stuck') await new Promise<never>(() => {});
    return { blocks: 10, bavail: 4, bsize: 512 };
  };
  const guard = createGuard({ name: 'this machine', capMs: 1000 }, clock);
  const host = guardHost(createHost(clock, proc, room), guard);
  const first = host.status(never);
  await expect.poll(() => asked.length).toBe(2);
  await clock.advance(1000);
  expect(await first).toMatchObject({ kind: 'gap', reason: 'timeout' });
  const second = host.status(never);
  await expect.poll(() => asked.length).toBe(3);
  await expect.poll(() => clock.waiting).toBe(2);
  await clock.advance(250);
  expect(await second).toMatchObject({ kind: 'seen', value: { disks: [{ path: '/', free: 2048 }] } });
  expect(asked.toSorted()).toEqual(['/', '/', '/stuck']);
});

test('only a service that says so runs on this machine', async () => {
  const { context } = fakeContext();
  const checkout = serviceRef(ServiceId.parse('checkout'));
  const host = createHost(new FakeClock(), aProc());
  expect(
    await hostStatus.perform({ service: checkout }, { ...context, world: { ...context.world, host } }),
  ).toMatchObject({
    kind: 'gap',
    reason: 'not_configured',
  });
});
