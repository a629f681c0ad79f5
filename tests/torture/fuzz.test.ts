import { expect, test } from 'vitest';
import { FirebreakError } from '#core/errors.ts';
import { CANARY } from './fuzz/canary.ts';
import { runTarget } from './fuzz/run-target.ts';
import { mustBeSame, type Ran, read, refused } from './fuzz/target.ts';
import { run } from './fuzz.ts';

const extent = { seed: 1, inputs: 200, longest: 2000, slowMs: 1000 };
const whyOf = async (parse: (input: string) => Ran, slowMs = 1000): Promise<string> => {
  const target = {
    name: 'x',
    seeds: [`{"a":"${CANARY}","b":1}`],
    throws: ['json_invalid' as const],
    run: parse,
  };
  const { faults } = await runTarget(target, { ...extent, slowMs });
  return faults[0]?.why.split('\n')[0] ?? 'nothing';
};

/** Much work for a busy machine. */
const LONG = { timeout: 120_000 };

test('no parser of outside text crashes, stalls or gives a secret away', LONG, async () => {
  const { failed, passed, lines } = await run({ short: true });
  expect({ failed, lines: failed === 0 ? [] : lines }).toEqual({ failed: 0, lines: [] });
  expect(passed).toBeGreaterThan(60);
});

test('a parser that throws what it does not say is noticed', async () => {
  const parsed = whyOf((input) => {
    JSON.parse(input);
    return read();
  });
  expect(await parsed).toMatch(/^threw SyntaxError/);
  const said = whyOf((input) => {
    if (!input.startsWith('{"a":"sk')) throw new FirebreakError('json_invalid', 'no');
    return read();
  });
  expect(await said).toBe('nothing');
});

test('a parser that is slow, or refuses what is valid, is noticed', async () => {
  expect(await whyOf(() => read(), -1)).toMatch(/^took \d+ ms/);
  expect(await whyOf(() => refused('no'))).toMatch(/^refused a valid input/);
});

test('a secret that is shown whole or cut is noticed, also in an error', async () => {
  expect(await whyOf((input) => read(input))).toBe('gave a secret away');
  expect(await whyOf((input) => read(input.slice(0, 40)))).toBe('gave a secret away');
  expect(await whyOf((input) => read(input.slice(0, 20)))).toBe('nothing');
});

test('what does not come back the same, and what changes every object, is noticed', async () => {
  const other = whyOf((input) => {
    mustBeSame(input.toLowerCase(), input);
    return read();
  });
  expect(await other).toMatch(/came back as/);
  const polluted = whyOf(() => {
    Object.assign(Object.getPrototypeOf({}), { polluted: 1 });
    return read();
  });
  try {
    expect(await polluted).toBe('changed what every object inherits');
  } finally {
    Reflect.deleteProperty(Object.prototype, 'polluted');
  }
});

test('the same seed makes the same inputs, and another one others', async () => {
  const inputsOf = async (seed: number): Promise<string> => {
    const all: string[] = [];
    const take = (input: string): Ran => {
      all.push(input);
      return read();
    };
    await runTarget({ name: 'x', seeds: ['{"a":1}'], run: take }, { ...extent, seed });
    return all.join('\0');
  };
  expect(await inputsOf(1)).toBe(await inputsOf(1));
  expect(await inputsOf(1)).not.toBe(await inputsOf(2));
});
