import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type Disk, realDisk } from '#audit/disk.ts';
import { verifyLog } from '#audit/verify.ts';
import { sha256 } from '#core/hash.ts';
import { serve } from '#server/main.ts';

const TOKEN = 'fbk_a-token-of-a-test';
const SENDER = 'sender-token-of-a-test';

/** A disk that can be made to refuse bytes; half of a refused write arrives. */
function aDisk(): Disk & { trouble: string | undefined } {
  const disk = {
    ...realDisk,
    trouble: undefined as string | undefined,
    write: (fd: number, bytes: Buffer, at: number): void => {
      if (disk.trouble === undefined) return realDisk.write(fd, bytes, at);
      if (disk.trouble === 'ENOSPC') realDisk.write(fd, bytes.subarray(0, bytes.length / 2), at);
      throw Object.assign(new Error(`${disk.trouble}: refused`), { code: disk.trouble });
    },
    writeLater: async (fd: number, bytes: Buffer, at: number): Promise<void> => disk.write(fd, bytes, at),
  };
  return disk;
}

async function aServer() {
  const dir = mkdtempSync(join(tmpdir(), 'firebreak-full-'));
  const dataDir = join(dir, 'data');
  const configPath = join(dir, 'firebreak.yaml');
  writeFileSync(join(dir, 'sender.token'), SENDER, { mode: 0o600 });
  writeFileSync(
    configPath,
    `listen: {host: 127.0.0.1, port: 0}
environment: demo
default_owner: team-a
teams: [{id: team-a, name: A}]
people:
  - {id: olga, name: Olga, token: "sha256:${sha256(TOKEN)}", roles: [responder, owner], teams: [team-a]}
sources: {sender: {kind: generic, token: "file:sender.token"}}
services: [{id: checkout}, {id: search}]
`,
    { mode: 0o600 },
  );
  const disk = aDisk();
  const running = await serve({ configPath, dataDir, version: '0.0.0', disk });
  onTestFinished(async () => {
    disk.trouble = undefined;
    await running.stop();
    rmSync(dir, { recursive: true, force: true });
  });
  const ask = async (
    path: string,
    token: string,
    body?: object,
  ): Promise<{ status: number; body: unknown }> => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const init = body === undefined ? { headers } : { headers, method: 'POST', body: JSON.stringify(body) };
    const answer = await fetch(`${running.url}${path}`, init);
    return { status: answer.status, body: await answer.json() };
  };
  const alert = async (service: string) =>
    (
      await ask('/v1/alerts/sender', SENDER, {
        ...{ name: 'TooManyErrors', service, severity: 'critical', status: 'firing' },
      })
    ).status;
  return { disk, dataDir, ask, alert };
}

test.each([
  ['ENOSPC', 'the log cannot be written: disk full'],
  ['EROFS', 'the log cannot be written: the file system is read-only'],
])(
  'while the disk refuses bytes (%s) pages are answered with 503 and the status says why; afterwards it goes on by itself',
  async (code, why) => {
    const { disk, dataDir, ask, alert } = await aServer();
    expect(await alert('checkout')).toBe(202);
    disk.trouble = code;
    expect(await alert('search')).toBe(503);
    expect(await alert('search')).toBe(503);
    expect((await ask('/readyz', '')).status).toBe(503);
    const status = await ask('/v1/status', TOKEN);
    expect(status.body).toMatchObject({
      incidents: [{ id: 'INC-1' }],
      holds: expect.arrayContaining([{ reason: 'log_failed', detail: why }]),
    });

    disk.trouble = undefined;
    const again = () => alert('search').catch(() => 0);
    await expect.poll(again, { timeout: 20_000, interval: 200 }).toBe(202);
    expect((await ask('/v1/status', TOKEN)).body).toMatchObject({
      incidents: [{ id: 'INC-1' }, { id: 'INC-2' }],
    });
    const kinds: string[] = [];
    expect(await verifyLog({ dir: dataDir, onEntry: ({ kind }) => kinds.push(kind) })).toMatchObject({
      kind: 'ok',
    });
    expect(kinds.filter((kind) => kind === 'server.started')).toHaveLength(2);
  },
);
