import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, expect, test } from 'vitest';
import { scoreRca } from '#evals/rca/suite.ts';
import { runSuite } from '#evals/run.ts';
import { FakeClock } from '#tests/fakes/fake-clock.ts';

const dir = mkdtempSync(join(tmpdir(), 'firebreak-rca-'));
afterAll(() => {
  rmSync(dir, { recursive: true, force: true });
});

const POINTS = 400;
const FAULT = 300;
const START = 1_700_000_000;

/** Three services with two metrics each; one metric of one service changes at the fault. */
function put(id: string, changed: string | null): void {
  const t = Array.from({ length: POINTS }, (_, i) => START + i);
  const series: Record<string, (number | null)[]> = {};
  for (const name of ['alpha_cpu', 'alpha_mem', 'beta-db_cpu', 'beta-db_mem', 'gamma_cpu', 'gamma_lat_50']) {
    series[name] = t.map((_, i) => {
      if (i % 50 === 49) return null;
      return 10 + ((i * 7) % 5) * 0.1 + (name === changed && i >= FAULT ? 20 : 0);
    });
  }
  const at = START + FAULT;
  const one = { id, system: 'made', alert: { at, note: 'made' }, injectTime: at, t, series };
  mkdirSync(join(dir, 'cases'), { recursive: true });
  writeFileSync(join(dir, 'cases', `${id}.json.gz`), gzipSync(JSON.stringify(one)));
}

test('cases of a folder are scored, those without a truth are not', () => {
  put('one', 'beta-db_mem');
  put('two', 'gamma_lat_50');
  put('three', 'alpha_cpu');
  put('four', null);
  put('other', 'alpha_cpu');
  const truth = (service: string) => ({ service, faultType: 'made' });
  writeFileSync(
    join(dir, 'truth.dev.json'),
    JSON.stringify({
      one: truth('beta-db'),
      two: truth('gamma'),
      three: truth('beta-db'),
      four: truth('gamma'),
    }),
  );
  const right = { ac1: 0.5, ac3: 0.5, ac5: 0.5, avg5: 0.5 };
  expect(scoreRca(dir)).toEqual({
    cases: 4,
    passed: 2,
    metrics: { ...right, specificity: 1, late60: right },
  });
});

const options = { data: dir, model: 'rules', maxReads: null, leaveOut: null, say: () => undefined };

test('the suite answers with its metrics, and refuses options that it has no use for', async () => {
  const clock = new FakeClock(0);
  expect(await runSuite('rca', { ...options, clock })).toMatchObject({
    suite: 'rca',
    model: 'rules',
    cases: 4,
    passed: 2,
    metrics: { ac1: 0.5, specificity: 1 },
  });
  await expect(runSuite('rca', { ...options, clock, maxReads: 3 })).rejects.toThrow('--max-reads');
  await expect(runSuite('rca', { ...options, clock, data: null })).rejects.toThrow('--data');
});

test('a case file of another shape stops the run', () => {
  writeFileSync(join(dir, 'cases', 'broken.json.gz'), gzipSync('{"id":"broken"}'));
  expect(() => scoreRca(dir)).toThrow();
});
