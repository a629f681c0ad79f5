import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FirebreakError } from '#core/errors.ts';
import { readKeychain } from '#core/keychain.ts';
import { secretRef } from '#server/config-fields.ts';
import { isOpenToOthers, readSecretFile } from '#server/secret-file.ts';
import { createSecrets, fingerprintOf } from '#server/secrets.ts';
import { FakeClock } from '../fakes/fake-clock.ts';

const [FIRST, SECOND] = ['first-value-of-the-secret', 'second-value-of-the-secret'];

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'firebreak-secrets-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

function aStore(env: Readonly<Record<string, string>> = {}) {
  const clock = new FakeClock();
  const asked: string[] = [];
  const secrets = createSecrets({
    env,
    base: dir,
    clock,
    keychain: (name) => {
      asked.push(name);
      return name === 'here' ? { value: FIRST } : { problem: `no entry ${name}` };
    },
  });
  return { clock, asked, secrets };
}
function write(name: string, value: string | Buffer, mode = 0o600): string {
  const path = join(dir, name);
  writeFileSync(path, value, { mode });
  chmodSync(path, mode);
  return path;
}
function unusable(reveal: () => string): string {
  try {
    return `revealed ${reveal()}`;
  } catch (error) {
    if (error instanceof FirebreakError && error.code === 'secret_unusable') return error.message;
    throw error;
  }
}

const toFolder = (path: string): void => {
  rmSync(path);
  mkdirSync(path);
};

test('a secret in a file is read anew when the file changes, and looked at no more than once a second', async () => {
  const path = write('a.token', `${FIRST}\n`);
  const { clock, secrets } = aStore();
  const { secret, fingerprint } = secrets.handle('file:./a.token');
  const before = fingerprint();
  expect(secret.reveal()).toBe(FIRST);
  renameSync(write('new', SECOND), path);
  expect(secret.reveal()).toBe(FIRST);
  await clock.advance(1_000);
  expect(secret.reveal()).toBe(SECOND);
  expect([before, fingerprint()]).toEqual([fingerprintOf(FIRST), fingerprintOf(SECOND)]);
});

type Spoilt = readonly [how: string, spoil: (path: string) => void, why: string];
const spoilt: readonly Spoilt[] = [
  ['others may read', (path: string) => chmodSync(path, 0o644), 'can be read by others; chmod 600'],
  ['a group may read', (path: string) => chmodSync(path, 0o640), 'can be read by others'],
  ['is gone', (path: string) => rmSync(path), 'there is no file'],
  ['is empty', (path: string) => writeFileSync(path, ' \n'), 'is empty'],
  ['became a folder', toFolder, 'is not a file'],
  ['grew beyond any secret', (path: string) => writeFileSync(path, 'a'.repeat(9_000)), 'too large'],
  ...(process.geteuid?.() === 0
    ? ([['is another user’s', (path: string) => chownSync(path, 65_534, 65_534), 'another user']] as const)
    : []),
];

test.each(spoilt)(
  'a secret whose file %s later is not given any more, with the reason, until that is mended',
  async (_, spoil, why) => {
    const path = write('a.token', FIRST);
    const { clock, secrets } = aStore();
    const { secret, problem, fingerprint } = secrets.handle('file:./a.token');
    spoil(path);
    await clock.advance(1_000);
    expect(unusable(() => secret.reveal())).toContain(why);
    expect([secret.ifUsable(), fingerprint()]).toEqual([undefined, null]);
    expect(problem()).not.toContain(FIRST);
    rmSync(path, { recursive: true, force: true });
    write('a.token', SECOND);
    await clock.advance(1_000);
    expect([secret.ifUsable(), problem()]).toEqual([SECOND, undefined]);
  },
);

test('a pipe, a device, a folder and a link to what others can read are refused, and none of them is waited for', () => {
  execFileSync('mkfifo', ['-m', '600', join(dir, 'pipe')]);
  mkdirSync(join(dir, 'folder'), { mode: 0o700 });
  symlinkSync(write('open', FIRST, 0o644), join(dir, 'link'));
  symlinkSync(join(dir, 'nowhere'), join(dir, 'dangling'));
  symlinkSync(join(dir, 'loop'), join(dir, 'loop'));
  const seen = ['pipe', 'folder', 'link', 'dangling', 'loop'].map((name) => readSecretFile(join(dir, name)));
  const device = ['/dev/zero', '/dev/tty'].map((path) => readSecretFile(path));
  expect([...seen, ...device].map((one) => (typeof one === 'string' ? one.split('/').at(-1) : one))).toEqual([
    'pipe is not a file',
    'folder is not a file',
    expect.stringContaining('link'),
    'dangling',
    'loop cannot be read',
    'zero is not a file',
    expect.stringMatching(/^tty (is not a file|cannot be read)$/),
  ]);
  symlinkSync(write('closed', FIRST), join(dir, 'good'));
  expect(readSecretFile(join(dir, 'good'))).toBeTypeOf('object');
});

test('bytes that no secret has are refused, and so is a file that holds only white space', () => {
  expect(readSecretFile(write('nul', 'a\0b'))).toContain('holds bytes that no secret has');
  expect(readSecretFile(write('latin', Buffer.from([0x61, 0xff, 0x62])))).toContain('no secret has');
  expect(readSecretFile(write('blank', ' \n\t'))).toContain('is empty');
});

test('what root gives to one service alone shows as open to root’s own group, which is nobody else', () => {
  const mode = 0o100440;
  expect(isOpenToOthers({ mode, uid: 0, gid: 0 }, 1000)).toBe(false);
  expect(isOpenToOthers({ mode, uid: 0, gid: 0 }, 0)).toBe(true);
  expect(isOpenToOthers({ mode, uid: 0, gid: 1000 }, 1000)).toBe(true);
  expect(isOpenToOthers({ mode: 0o100444, uid: 0, gid: 0 }, 1000)).toBe(true);
  expect(isOpenToOthers({ mode: 0o100460, uid: 0, gid: 0 }, 1000)).toBe(true);
});

test.each([
  'file:../up.token',
  'file:/etc/../root/key',
  'file:a/..',
  'file:..',
  'file:a\0b',
  'file:a\nb',
  'file:a\u001b[2Jb',
  'file:',
  'keychain:-w',
  'keychain:--help',
  'keychain:a b',
  'keychain:a\0b',
  'keychain:',
  'env:A-B',
  'env:A B',
  'vault:x',
  ' env:A',
  'env:A\n',
])('%j is no reference to a secret', (ref) => {
  expect(secretRef.safeParse(ref).success).toBe(false);
});

test.each(['env:TOKEN', 'file:/run/secrets/x', 'file:./a..b', 'file:a b/..c', 'keychain:slack/bot.token'])(
  '%j is a reference to a secret',
  (ref) => {
    expect(secretRef.safeParse(ref).success).toBe(true);
  },
);

test('the environment and the keychain are asked once, so that nobody waits for them later', () => {
  const env: Record<string, string> = { A: `${FIRST}\n` };
  const { asked, secrets } = aStore(env);
  expect(secrets.handle('env:A').secret.reveal()).toBe(FIRST);
  env.A = SECOND;
  expect(secrets.handle('env:A').secret.reveal()).toBe(FIRST);
  for (let turn = 0; turn < 3; turn += 1) expect(secrets.handle('keychain:here').secret.reveal()).toBe(FIRST);
  expect(asked).toEqual(['here']);
  expect(secrets.handle('env:B').problem()).toBe('environment variable B is not set');
  expect(unusable(() => secrets.handle('keychain:none').secret.reveal())).toBe('no entry none');
});

test('a fingerprint tells two values apart, and a short value has none', () => {
  expect(fingerprintOf(FIRST)).toMatch(/^[0-9a-f]{8}$/);
  expect(fingerprintOf(FIRST)).not.toBe(fingerprintOf(SECOND));
  expect(fingerprintOf('a'.repeat(15))).toBeNull();
});

/** A stand-in for the program that speaks to the keychain. */
function aTool(script: string): string {
  return write('tool', `#!/bin/sh\n${script}\n`, 0o700);
}
const from = (tool: string, env: Readonly<Record<string, string>> = {}) => ({ platform: 'linux', env, tool });

test('the keychain is asked by name alone, with no input and nothing of the environment but the way to its bus', () => {
  const tool = aTool('echo "$@"; env | grep -v ^PWD= | grep -v ^SHLVL= | grep -v ^_= | sort; cat; pwd');
  const env = { HOME: '/h', XDG_RUNTIME_DIR: '/x', PATH: '/evil', OTHER: FIRST, LD_PRELOAD: 'evil.so' };
  expect(readKeychain('slack/bot', from(tool, env))).toEqual({
    value: 'lookup service firebreak account slack/bot\nHOME=/h\nXDG_RUNTIME_DIR=/x\n/',
  });
});

test('a keychain that is locked, has no such entry, is not there or says too much gives a reason and no value', () => {
  const locked = { ...from(aTool('sleep 30')), limitMs: 50 };
  expect(readKeychain('a', locked)).toEqual({
    problem: 'the keychain did not give a within 0.05 s; is it locked?',
  });
  expect(readKeychain('a', from(aTool(`echo ${FIRST}; exit 1`)))).toEqual({
    problem: 'the keychain has no entry a of service firebreak',
  });
  expect(readKeychain('a', from(aTool(`yes ${FIRST}`)))).toEqual({
    problem: 'a in the keychain is too large for a secret',
  });
  expect(readKeychain('a', from(join(dir, 'none')))).toEqual({
    problem: expect.stringContaining('is not there, which reads the keychain'),
  });
  expect(readKeychain('a', { platform: 'win32', env: {} })).toEqual({
    problem: 'there is no keychain for win32; use env: or file:',
  });
  expect(readKeychain('-w', from(aTool('echo x')))).toHaveProperty('problem');
});
