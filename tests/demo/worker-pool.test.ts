import { expect, test } from 'vitest';
import { createWorkerPool, type NoWorker, type Worker } from '#demo/shop/worker-pool.ts';

const patient = (): AbortSignal => new AbortController().signal;
function taken(outcome: Worker | NoWorker): Worker {
  if (typeof outcome === 'string') throw new Error(`no worker: ${outcome}`);
  return outcome;
}

test('a request beyond workers and queue is refused at once', async () => {
  const pool = createWorkerPool(1, 1);
  await pool.take(patient());
  void pool.take(patient());
  expect(await pool.take(patient())).toBe('queue full');
  expect([pool.busy(), pool.waiting()]).toEqual([1, 1]);
});

test('a freed worker goes to the one who waited longest, and freeing it twice frees it once', async () => {
  const pool = createWorkerPool(1, 5);
  const first = taken(await pool.take(patient()));
  const order: string[] = [];
  const second = pool.take(patient()).then((outcome) => {
    order.push('second');
    return taken(outcome);
  });
  void pool.take(patient()).then(() => order.push('third'));
  first.release();
  first.release();
  const worker = await second;
  expect([order, pool.busy(), pool.waiting()]).toEqual([['second'], 1, 1]);
  worker.release();
  await Promise.resolve();
  expect([order, pool.busy(), pool.waiting()]).toEqual([['second', 'third'], 1, 0]);
});

test('one who gives up leaves the queue to the next', async () => {
  const pool = createWorkerPool(1, 1);
  const first = taken(await pool.take(patient()));
  const impatient = new AbortController();
  const left = pool.take(impatient.signal);
  impatient.abort();
  expect(await left).toBe('given up');
  const next = pool.take(patient());
  first.release();
  expect(typeof (await next)).toBe('object');
});

test('a jammed pool never frees a worker again', async () => {
  const pool = createWorkerPool(2, 1);
  const before = taken(await pool.take(patient()));
  pool.jam();
  const after = taken(await pool.take(patient()));
  before.release();
  after.release();
  expect([pool.busy(), pool.jammed()]).toEqual([2, true]);
});
