import { spawnSync } from 'node:child_process';

/** Under this name all entries of ours lie in the keychain of the system. */
const SERVICE = 'firebreak';
/** Nobody is there to unlock a keychain when a server starts. */
const LIMIT_MS = 5_000;
const MAX_BYTES = 8 * 1024;
/** A name that no tool can take for an option. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._/-]{0,99}$/;

export type KeychainFrom = {
  readonly platform: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Left out = where the system keeps its own. */
  readonly tool?: string;
  /** Left out = 5 s. */
  readonly limitMs?: number;
};

/** What the program that speaks to the keychain needs of the environment, to find the session's bus; nothing else is given. */
const PASSED = ['DBUS_SESSION_BUS_ADDRESS', 'XDG_RUNTIME_DIR', 'HOME'] as const;

const TOOLS: ReadonlyMap<string, { readonly tool: string; readonly args: (name: string) => string[] }> =
  new Map([
    [
      'darwin',
      {
        tool: '/usr/bin/security',
        args: (name) => ['find-generic-password', '-s', SERVICE, '-a', name, '-w'],
      },
    ],
    [
      'linux',
      {
        tool: '/usr/bin/secret-tool',
        args: (name) => ['lookup', 'service', SERVICE, 'account', name],
      },
    ],
  ]);

/**
 * The entry `name` of the system's keychain, or what is wrong. Blocks for at most 5 s, so that it is for the start only;
 * asks nobody: no terminal, no input, and whatever waits for a person is ended. Never throws.
 */
export function readKeychain(name: string, from: KeychainFrom): { value: string } | { problem: string } {
  const known = TOOLS.get(from.platform);
  if (!NAME.test(name)) return { problem: 'keychain: this is no name of an entry' };
  if (known === undefined) return { problem: `there is no keychain for ${from.platform}; use env: or file:` };
  const { tool = known.tool, limitMs = LIMIT_MS } = from;
  const ran = spawnSync(tool, known.args(name), {
    cwd: '/',
    env: Object.fromEntries(
      PASSED.flatMap((key) => [[key, from.env[key] ?? '']]).filter(([, to]) => to !== ''),
    ),
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: limitMs,
    killSignal: 'SIGKILL',
    maxBuffer: MAX_BYTES,
  });
  const failure = ran.error !== undefined && 'code' in ran.error ? ran.error.code : undefined;
  if (failure === 'ENOENT' || failure === 'EACCES')
    return { problem: `${tool} is not there, which reads the keychain; install it, or use env: or file:` };
  if (failure === 'ETIMEDOUT')
    return { problem: `the keychain did not give ${name} within ${limitMs / 1000} s; is it locked?` };
  if (failure === 'ENOBUFS') return { problem: `${name} in the keychain is too large for a secret` };
  const value = ran.status === 0 ? ran.stdout.toString('utf8').trim() : '';
  return value === '' ? { problem: `the keychain has no entry ${name} of service ${SERVICE}` } : { value };
}
