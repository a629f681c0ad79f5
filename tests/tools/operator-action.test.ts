import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { commandHash } from '#approvals/plan.ts';
import { realClock } from '#core/clock.ts';
import { sha256 } from '#core/hash.ts';
import { ServiceId } from '#core/ids.ts';
import { Secret } from '#core/secret.ts';
import type { Inventory } from '#incidents/inventory.ts';
import {
  ActionCallRef,
  type ActionParams,
  actionCallOf,
  actionCallRef,
  type OperatorAction,
} from '#incidents/operator-action.ts';
import { operatorAction, operatorActionFor } from '#tools/act/operator-action.ts';
import { createProgramRunner } from '#tools/drivers/operator-argv.ts';
import { inspectProgram } from '#tools/drivers/program-file.ts';
import { namedIn, type ProgramDriver, type ProgramOrder } from '#tools/drivers/program-port.ts';
import type { ToolContext } from '#tools/tool.ts';
import { until } from './a-cluster.ts';
import { aService } from './a-service.ts';
import { never } from './loopback.ts';

const KEY = ['made', 'up', 'key', '0123456789'].join('-');

/** A folder of its own for one test. */
function folder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'firebreak-action-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** A program that does what these lines of a shell say. */
function program(lines: string, mode = 0o755): string {
  const path = join(folder(), 'queue');
  writeFileSync(path, `#!/bin/sh\n${lines}\n`);
  chmodSync(path, mode);
  return path;
}

const runner = createProgramRunner({ clock: realClock, secretOf: () => new Secret(KEY) });
async function run(argv: readonly string[], signal = never, env: readonly [string, string][] = []) {
  if (runner.run === undefined) throw new Error('it runs nothing');
  return runner.run(approved(argv, new Map(env)), signal);
}

/** An order for what people approved: this command, with its program as it lies there. */
function approved(argv: readonly string[], env: ReadonlyMap<string, string> = new Map()): ProgramOrder {
  const seen = inspectProgram(argv[0] ?? '');
  const program = seen.kind === 'fine' ? seen.digest : sha256('none');
  return { argv, env, command: commandHash({ argv: [...argv], program, env: namedIn(env) }) };
}

function anAction(argv: readonly string[], more: Partial<OperatorAction> = {}): OperatorAction {
  return {
    name: 'restart-queue',
    service: ServiceId.parse('checkout'),
    about: 'Restart the queue workers',
    argv,
    params: new Map([
      ['count', { kind: 'int', min: 1, max: 5 }],
      ['shard', { kind: 'one_of', words: ['a', 'b-2'] }],
    ]),
    undo: null,
    tier: 'R2',
    timeoutMs: 5000,
    env: new Map(),
    causes: [],
    ...more,
  };
}

function contextOf(action: OperatorAction, programs: ProgramDriver = runner): ToolContext {
  const service = aService();
  const inventory: Inventory = {
    version: sha256('i'),
    services: new Map([[service.id, service]]),
    actions: new Map([[action.name, action]]),
  };
  return {
    ...{ inventory, clock: realClock, runbooks: [], signal: never },
    world: {
      metrics: new Map(),
      workloads: new Map(),
      programs,
      logs: { search: async () => ({ kind: 'gap', reason: 'no_data', detail: '' }) },
      probe: { get: async () => ({ kind: 'gap', reason: 'no_data', detail: '' }) },
    },
  };
}

const values = (count: string, shard: string): ActionParams => [
  { name: 'count', value: count },
  { name: 'shard', value: shard },
];
const args = { target: 'action:restart-queue', service: 'service:checkout', params: values('2', 'a') };
const template = (path: string) => [path, 'restart', '--count={count}', '--', '{shard}'];

describe('an action is prepared', () => {
  test('as the exact command that will be run, with the hash of its program; nothing is run', async () => {
    const path = program('touch "$(dirname "$0")/ran"');
    const undo = [path, 'stop', '{shard}'];
    const env = new Map([['QUEUE_KEY', 'file:/x']]);
    const context = contextOf(anAction(template(path), { undo, env, tier: 'R3' }), {
      inspect: inspectProgram,
    });
    const swapped = { ...args, params: values('2', 'a').toReversed() };
    expect(await operatorAction.prepare(swapped, context)).toMatchObject({
      kind: 'step',
      step: {
        ...{ tool: 'operator_action', tier: 'R3', deadlineMs: 5000 },
        change: { tool: 'operator_action', ...args },
        target: { ref: 'action:restart-queue', service: 'checkout', generation: 0 },
        preview: {
          argv: [path, 'restart', '--count=2', '--', 'a'],
          program: sha256(readFileSync(path)),
          env: [{ name: 'QUEUE_KEY', from: 'file:/x' }],
          back: { argv: [path, 'stop', 'a'], program: sha256(readFileSync(path)) },
        },
        undo: { tool: 'operator_action', service: 'service:checkout', params: args.params, back: true },
        manual: `${path} restart --count=2 -- a`,
      },
    });
    expect(() => readFileSync(join(path, '..', 'ran'))).toThrow();
  });

  test.each([
    ['an option as a value', values('2', '--all')],
    ['a word that is not in the list', values('2', 'c')],
    ['a number beyond its bounds', values('6', 'a')],
    ['a number written in another way', values('02', 'a')],
    ['a number with a sign', values('+2', 'a')],
    ['a second line', values('2', 'a\nb')],
    ['a NUL', values('2', 'a\0')],
    ['a path', values('2', '../../etc')],
    ['an expression of a shell', values('2', '$(id)')],
    ['10 MB', values('2', 'a'.repeat(10_000_000))],
    ['one too few', values('2', 'a').slice(0, 1)],
    ['one too many', [...values('2', 'a'), { name: 'force', value: 'yes' }]],
    ['one twice', [...values('2', 'a'), { name: 'shard', value: 'b-2' }]],
    [
      'one with the name of a member of every object',
      [...values('2', 'a'), { name: '__proto__', value: 'a' }],
    ],
  ])('never with %s', async (_, params) => {
    const context = contextOf(anAction(template(program('exit 0'))));
    const parsed = operatorAction.args.safeParse({ ...args, params });
    const prepared = parsed.success ? await operatorAction.prepare(parsed.data, context) : undefined;
    expect(prepared?.kind ?? 'refused').toBe('refused');
    const change = { tool: 'operator_action', ...args, params, command: sha256('c') } as const;
    const order = { service: aService(), change, key: 'fb-1-0-run', expectGeneration: 0 };
    expect(await operatorAction.perform(order, context)).toMatchObject({
      kind: 'refused',
      reason: 'invalid',
    });
  });

  test('never for an action that there is not, or that is of another service', async () => {
    const context = contextOf(anAction(template(program('exit 0'))));
    for (const other of [{ target: 'action:wipe' }, { service: 'service:payments' }])
      expect(await operatorAction.prepare({ ...args, ...other }, context)).toMatchObject({
        reason: 'unknown_reference',
      });
  });

  test('whatever values there are, a command has as many elements as its template, and no value begins an option', () => {
    const word = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,20}$/);
    const action = anAction(['/opt/x', '{shard}', 'x={shard}', '--', '{count}']);
    fc.assert(
      fc.property(word, fc.integer({ min: 1, max: 5 }), (shard, count) => {
        const params = new Map(action.params).set('shard', { kind: 'one_of', words: [shard] });
        const made = actionCallOf(
          new Map([[action.name, { ...action, params }]]),
          actionCallRef('action:restart-queue', values(String(count), shard)),
        );
        expect(made?.params).toEqual(values(String(count), shard));
      }),
    );
    const known = new Map([[action.name, action]]);
    expect(actionCallOf(known, 'action:restart-queue?count=2&shard=a')).toBeDefined();
    expect(actionCallOf(known, 'action:restart-queue?shard=a&count=2')).toBeUndefined();
    for (const ref of [
      'action:x?shard=--a',
      'action:x?shard=',
      'action:x?a=b&',
      'action:x?A=b',
      'action:../x',
    ])
      expect(ActionCallRef.safeParse(ref).success).toBe(false);
  });

  test('agents are told the names, the values of each, and can name no other', () => {
    const told = operatorActionFor(new Map([['restart-queue', anAction(['/opt/x'])]]));
    expect(told.description).toContain(
      'restart-queue (checkout): Restart the queue workers, count 1 to 5, shard a|b-2',
    );
    expect(told.args.safeParse(args).success).toBe(true);
    expect(told.args.safeParse({ ...args, target: 'action:wipe' }).success).toBe(false);
    expect(told.args.safeParse({ ...args, service: 'service:payments' }).success).toBe(false);
    expect(told.args.safeParse({ ...args, params: [{ name: 'force', value: 'yes' }] }).success).toBe(false);
  });
});

describe('a program', () => {
  test('gets its arguments as they are, no standard input, the root as its folder and the named values alone', async () => {
    const lines = `printf '[%s]' "$@"; pwd; cat; tr '\\0' '\\n' < /proc/$$/environ`;
    const outcome = await run([program(lines), '$HOME', '; id', 'a b', '*'], never, [
      ['QUEUE_KEY', 'file:/x'],
    ]);
    expect(outcome).toMatchObject({ kind: 'done', generation: 0, exitCode: 0 });
    const output = outcome.kind === 'done' ? outcome.output : '';
    expect(output).toBe('[$HOME][; id][a b][*]/\\nQUEUE_KEY=[redacted]\\n');
  });

  test('that fails has an unknown outcome with its exit code: it may have done something before', async () => {
    expect(await run([program('echo half; exit 3')])).toEqual({
      ...{ kind: 'unknown', detail: 'exit code 3', exitCode: 3 },
      output: 'half\\n',
    });
    expect(await run([program('kill -9 $$')])).toMatchObject({ kind: 'unknown', detail: 'ended by SIGKILL' });
  });

  test('that floods its output is read to its end, and little of it is kept, inert', async () => {
    const outcome = await run([program(`head -c 3000000 /dev/zero; printf '\\033[2J'`)]);
    const output = outcome.kind === 'done' ? outcome.output : undefined;
    expect(output?.length).toBeLessThanOrEqual(8_000);
    expect(output).not.toMatch(/[^\x20-\x7e…]/);
  });

  test('that prints the secrets it was given, also across the place where its output is cut, prints them nowhere', async () => {
    const pad = 8_000 - 12;
    const lines = `head -c ${pad} /dev/zero | tr '\\0' x; echo "$QUEUE_KEY $QUEUE_KEY"; echo "$QUEUE_KEY" >&2`;
    const outcome = await run([program(lines)], never, [['QUEUE_KEY', 'file:/x']]);
    const said = JSON.stringify(outcome);
    expect(outcome.kind).toBe('done');
    expect(said).not.toContain(KEY.slice(0, 8));
  });

  test('that does not end in time is killed with all of its group, whatever signals it ignores', async () => {
    const dir = folder();
    const path = program(`trap '' TERM HUP INT; sleep 600 & echo $! > ${dir}/pid; wait; sleep 600`);
    const stop = new AbortController();
    const running = run([path], stop.signal);
    await until(() => pidIn(dir) !== undefined);
    const pid = pidIn(dir) ?? 0;
    expect(isAlive(pid)).toBe(true);
    stop.abort();
    expect(await running).toMatchObject({ kind: 'unknown', detail: 'ended by SIGKILL' });
    await until(() => !isAlive(pid));
  });

  test('that leaves something behind which holds its output open is not waited for', async () => {
    const dir = folder();
    const outcome = await run([program(`setsid sleep 600 & echo $! > ${dir}/pid; echo started`)]);
    const pid = pidIn(dir) ?? 0;
    onTestFinished(() => {
      if (pid > 1) process.kill(pid, 'SIGKILL');
    });
    expect(outcome).toMatchObject({ kind: 'done', output: 'started\\n' });
  });

  test('that leaves something behind in its group takes it with it', async () => {
    const dir = folder();
    const outcome = await run([program(`sleep 600 > /dev/null 2>&1 & echo $! > ${dir}/pid`)]);
    expect(outcome.kind).toBe('done');
    await until(() => !isAlive(pidIn(dir) ?? 0));
  });

  test('is run only as people approved it: another word, program, or place of a value is refused', async () => {
    const dir = folder();
    const path = program(`echo ran > ${dir}/pid`);
    const order = approved([path, 'a'], new Map([['A', 'file:/x']]));
    const others: ProgramOrder[] = [
      { ...order, argv: [path, 'b'] },
      { ...order, argv: [path, 'a', 'a'] },
      { ...order, env: new Map([['A', 'file:/y']]) },
      { ...order, env: new Map() },
      { ...order, env: new Map([...order.env, ['LD_PRELOAD', 'file:/y']]) },
    ];
    for (const other of others)
      expect(await runner.run?.(other, never)).toMatchObject({ kind: 'refused', reason: 'generation' });
    writeFileSync(path, `#!/bin/sh\necho another > ${dir}/pid\n`);
    expect(await runner.run?.(order, never)).toMatchObject({ kind: 'refused', reason: 'generation' });
    expect(pidIn(dir)).toBeUndefined();
  });

  test('is run from where its link led when it was looked at', async () => {
    const real = program('echo "$0"');
    expect(await run([linkTo(real)])).toMatchObject({ kind: 'done', output: `${real}\\n` });
  });

  test('that writes half of a secret to each of its streams prints it nowhere', async () => {
    const half = Math.floor(KEY.length / 2);
    const lines = `printf %s "$QUEUE_KEY" | head -c ${half}; printf noise >&2; printf %s "$QUEUE_KEY" | tail -c +${half + 1}`;
    const outcome = await run([program(lines)], never, [['QUEUE_KEY', 'file:/x']]);
    expect(outcome).toMatchObject({ kind: 'done', output: '[redacted]noise' });
  });

  test('is not started when nobody waits any more, or a secret of it cannot be read', async () => {
    const dir = folder();
    const path = program(`echo ran > ${dir}/pid`);
    expect(await run([path], AbortSignal.abort())).toMatchObject({ kind: 'refused' });
    const blind = createProgramRunner({ clock: realClock, secretOf: () => 'there is no file /x' });
    const order = approved([path], new Map([['A', 'file:/x']]));
    expect(await blind.run?.(order, never)).toMatchObject({ kind: 'refused', detail: 'there is no file /x' });
    const broken = program('');
    writeFileSync(broken, 'no program');
    expect(await run([broken])).toMatchObject({ kind: 'refused', reason: 'invalid' });
    expect(pidIn(dir)).toBeUndefined();
  });
});

describe('a program is not run', () => {
  test.each([
    ['that others can change', () => program('', 0o777), 'can be changed by others'],
    ['that a group can change', () => program('', 0o775), 'can be changed by others'],
    ['that cannot be executed', () => program('', 0o644), 'cannot be executed'],
    [
      'that is a link to one that others can change',
      () => linkTo(program('', 0o777)),
      'can be changed by others',
    ],
    ['that is a link to a shell', () => linkTo('/bin/sh'), 'is a shell'],
    ['in a folder that others can write to', () => inOpenFolder(), 'can be replaced by others'],
    ['behind a link in such a folder', () => linkTo(linkIn(openFolder())), 'can be replaced by others'],
    ['behind a chain of links that ends nowhere', () => linkToItself(), 'ELOOP'],
    ['that starts others as somebody else', () => '/usr/bin/sudo', 'runs what its arguments say'],
    ['that loads others', () => '/lib64/ld-linux-x86-64.so.2', 'runs what its arguments say'],
    ['that is a folder', () => folder(), 'is not a file'],
    ['that is not there', () => join(folder(), 'queue'), 'there is no'],
    ['by a relative path', () => 'queue', 'is not an absolute path'],
    ['by a path that goes up', () => '/opt/../bin/queue', 'is not an absolute path'],
    ['with a NUL in its path', () => '/opt/queue\0', 'null bytes'],
    ['that is a shell', () => '/bin/bash', 'is a shell'],
    ['that is an interpreter', () => '/usr/bin/python3.12', 'runs what its arguments say'],
    ['that only runs others', () => '/usr/bin/env', 'runs what its arguments say'],
  ])('%s', async (_, path, why) => {
    const where = path();
    expect(inspectProgram(where)).toMatchObject({ kind: 'problem', why: expect.stringContaining(why) });
    expect(await run([where])).toMatchObject({ kind: 'refused', reason: 'invalid' });
  });
});

function linkTo(path: string): string {
  const link = join(folder(), 'queue');
  symlinkSync(path, link);
  return link;
}

function linkToItself(): string {
  const link = join(folder(), 'queue');
  symlinkSync(link, link);
  return link;
}

function openFolder(): string {
  const dir = join(folder(), 'open');
  mkdirSync(dir);
  chmodSync(dir, 0o777);
  return dir;
}

function linkIn(dir: string): string {
  const link = join(dir, 'queue');
  symlinkSync(program('exit 0'), link);
  return link;
}

function inOpenFolder(): string {
  const path = join(openFolder(), 'queue');
  writeFileSync(path, '#!/bin/sh\n', { mode: 0o755 });
  return path;
}

function pidIn(dir: string): number | undefined {
  try {
    return Number(readFileSync(join(dir, 'pid'), 'utf8')) || undefined;
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return false;
  }
}
