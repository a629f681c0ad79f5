import { spawnSync } from 'node:child_process';

/** A command as `spawn` takes it. */
export type Command = { readonly file: string; readonly args: readonly string[] };

const IN_FRESH_NETWORK = 'ip link set lo up && exec "$0" "$@"';

/** The same command in a network of its own that has the loopback interface and nothing else. */
export function withoutNetwork({ file, args }: Command): Command {
  return { file: 'unshare', args: ['-rn', 'sh', '-c', IN_FRESH_NETWORK, file, ...args] };
}

/** Why this machine cannot take the network away from a process (no rights, no unshare, no ip); undefined when it can. */
export function whyNetworkStays(): string | undefined {
  const { file, args } = withoutNetwork({ file: 'true', args: [] });
  const { status, error, stderr } = spawnSync(file, args, { encoding: 'utf8', timeout: 10_000 });
  if (error) return error.message;
  return status === 0 ? undefined : (stderr.trim().split('\n')[0] ?? `unshare ended with ${status}`);
}
