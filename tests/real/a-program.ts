import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';

/** Debian's package prometheus-alertmanager. */
export const ALERTMANAGER = '/usr/bin/prometheus-alertmanager';

/** A program of this machine that runs until the test is over. */
export function start(path: string, args: readonly string[]): void {
  const child = spawn(path, args, { stdio: 'ignore', env: {} });
  onTestFinished(() => end(child));
}

/** Waits until a program of Prometheus says that it is ready; the test fails when it never does. */
export async function ready(url: string): Promise<void> {
  const status = () =>
    fetch(`${url}/-/ready`).then(
      (answer) => answer.status,
      () => null,
    );
  await expect.poll(status, { timeout: 20_000 }).toBe(200);
}

/** A real Alertmanager that posts what it is told to the server at once, with this token; its address. */
export async function startAlertmanager(
  dir: string,
  { server, token }: { server: string; token: string },
): Promise<string> {
  const config = join(dir, 'alertmanager.yml');
  writeFileSync(
    config,
    `route: {receiver: firebreak, group_wait: 0s, group_interval: 1s, repeat_interval: 1h}
receivers:
  - name: firebreak
    webhook_configs:
      - url: ${server}/v1/alerts/alertmanager
        send_resolved: true
        http_config: {authorization: {type: Bearer, credentials: ${token}}}
`,
  );
  const address = `127.0.0.1:${await freePort()}`;
  start(ALERTMANAGER, [
    ...[`--config.file=${config}`, `--web.listen-address=${address}`],
    ...['--cluster.listen-address=', `--storage.path=${join(dir, 'am')}`],
  ]);
  await ready(`http://${address}`);
  return address;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGKILL');
  await gone;
}

/** A port of loopback that nothing listens on. */
export async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const address = probe.address();
  await new Promise<void>((resolve) => void probe.close(() => resolve()));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
