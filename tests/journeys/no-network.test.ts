import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { root } from '../tree.ts';
import { whyNetworkStays, withoutNetwork } from './without-network.ts';

// The guard of the tests covers sockets of this process only; here the kernel takes the network from all processes.

const why = whyNetworkStays();
if (why !== undefined) console.log(`skipped: this machine cannot take the network from a process (${why})`);

test.skipIf(why !== undefined)(
  'without any network but the loopback a shop and a server start, and a page opens an incident',
  async () => {
    const dir = mkdtempSync(join(tmpdir(), 'firebreak-no-network-'));
    onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
    const script = join(root, 'tests/journeys/a-page.ts');
    const { file, args } = withoutNetwork({ file: process.execPath, args: [script, dir] });
    const { stdout } = await promisify(execFile)(file, args, { timeout: 55_000 });
    expect(JSON.parse(stdout)).toEqual({ status: 202, incident: 'INC-1', outside: 'ENETUNREACH' });
  },
  60_000,
);
