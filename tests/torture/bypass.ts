import { Worker } from 'node:worker_threads';
import { concurrentClaims } from './bypass/concurrent-claims.ts';
import { collisions } from './bypass/hash-soundness.ts';
import type { Share, ShareResult } from './bypass/share.ts';
import type { TortureResult } from './result.ts';

const WORKERS = 2;
const CLAIMS = 200;
/** Runs of each attempt, and plans whose hashes are compared. */
const SIZES = { short: { runs: 8, plans: 4_000 }, full: { runs: 1_600, plans: 1_000_000 } };

/**
 * Every named attempt to get a change that nobody allowed, in many variants, against the real gate and executor over a
 * backend that does whatever it is told. What people allowed is written down beside the product; every effect that it
 * does not cover is a success of the attempt, and one is too many.
 */
export async function run({ short }: { short: boolean }): Promise<TortureResult> {
  const began = performance.now();
  const { runs, plans } = short ? SIZES.short : SIZES.full;
  const shares = Array.from(
    { length: WORKERS },
    (_, from): Share => ({ from, step: WORKERS, runs, plans: plans / WORKERS }),
  );
  const [started, ...results] = await Promise.all([concurrentClaims(CLAIMS), ...shares.map(inWorker)]);
  const tallies = total(results);
  for (const { name, runs: made, covered, succeeded } of tallies)
    console.log(
      `${(succeeded.length === 0 ? 'ok' : 'NOT OK').padEnd(8)} ${name.padEnd(42)} ${made} runs, ${covered} allowed effects${succeeded
        .slice(0, 3)
        .map((one) => `; ${one}`)
        .join('')}`,
    );
  const hashes = hashFigures(results);
  const failed = tallies.filter(({ succeeded }) => succeeded.length > 0).length;
  const checks = [started === 1, hashes.collisions === 0, hashes.orderSensitive === 0];
  const wrong = checks.filter((isRight) => !isRight).length;
  const sum = (of: 'runs' | 'covered') => tallies.reduce((all, one) => all + one[of], 0);
  const successes = tallies.reduce((all, { succeeded }) => all + succeeded.length, 0);
  return {
    passed: tallies.length - failed + checks.length - wrong,
    failed: failed + wrong,
    lines: [
      `attempts: ${tallies.length} named ones, ${sum('runs')} runs, ${successes} succeeded; ${sum('covered')} effects that people allowed`,
      `concurrent claims of one approval: ${CLAIMS}, ${started} started`,
      `hashes: ${hashes.plans} plans and ${hashes.mutations} one-field changes, ${hashes.collisions} collisions; ${hashes.reordered} with their keys in another order, ${hashes.orderSensitive} of them another hash`,
      `total time: ${((performance.now() - began) / 1000).toFixed(0)} s`,
    ],
  };
}

function inWorker(share: Share): Promise<ShareResult> {
  const { promise, resolve, reject } = Promise.withResolvers<ShareResult>();
  const worker = new Worker(new URL('./bypass/worker.ts', import.meta.url), { workerData: share });
  worker.once('message', resolve).once('error', reject);
  worker.once('exit', () => reject(new Error('a worker ended without a result')));
  return promise;
}

function total(results: readonly ShareResult[]) {
  const names = Object.keys(results[0]?.tallies ?? {});
  return names.map((name) => {
    const parts = results.flatMap(({ tallies }) => tallies[name] ?? []);
    return {
      name,
      runs: parts.reduce((all, { runs }) => all + runs, 0),
      covered: parts.reduce((all, { covered }) => all + covered, 0),
      succeeded: parts.flatMap(({ succeeded }) => succeeded),
    };
  });
}

function hashFigures(results: readonly ShareResult[]) {
  const hashed = results.map((one) => one.hashed);
  const all = new BigUint64Array(hashed.reduce((size, { heads }) => size + heads.length, 0));
  let at = 0;
  for (const { heads } of hashed) {
    all.set(heads, at);
    at += heads.length;
  }
  const sum = (of: 'plans' | 'mutations' | 'reordered' | 'orderSensitive') =>
    hashed.reduce((count, one) => count + one[of], 0);
  return {
    plans: sum('plans'),
    mutations: sum('mutations'),
    reordered: sum('reordered'),
    orderSensitive: sum('orderSensitive'),
    collisions: collisions(all),
  };
}
