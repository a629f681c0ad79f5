import { expect, test } from 'vitest';
import { pictureAnswer } from '#server/api-picture.ts';
import type { ApiAnswer } from '#server/http-api.ts';
import { incidentEntries } from '#server/incident-entries.ts';
import { picturePng } from '#server/picture-png.ts';
import { incidentPicture } from '#server/pictures.ts';
import { type InProcess, inProcess } from '../journeys/in-process.ts';

const zone = 'Europe/Berlin';

/** A bad deploy, paged after ten seconds; stops when its rollback waits for a person. */
async function untilAsked(): Promise<InProcess> {
  const run = await inProcess();
  await run.clock.advance(20 * 60_000);
  run.shop.inject('bad-deploy', 'checkout');
  await run.clock.advance(10_000);
  await run.page();
  await run.until(() => run.folds.approvals.all().some(({ state }) => state === 'pending'));
  return run;
}

async function pictureOf(run: InProcess) {
  const { id } = run.incident();
  const read = (ref: Parameters<InProcess['log']['payload']>[1]) => run.log.payload(id, ref);
  const answer = await incidentPicture(await incidentEntries(run, id), { read, zone });
  if (answer.kind === 'none') throw new Error(answer.reason);
  return answer.picture;
}

const kindOf = (answer: ApiAnswer): string | number => ('type' in answer ? answer.type : answer.status);

test('while people are asked the picture shows the signal leave its band, the deploy before it, and the page', async () => {
  const run = await untilAsked();
  const picture = await pictureOf(run);
  expect(picture).toMatchObject({ signal: 'error_ratio', service: 'checkout', zone });
  expect(picture.marks.map(({ kind }) => kind)).toEqual(['deploy', 'onset', 'page']);
  const last = picture.points.at(-1)?.[1] ?? 0;
  expect(last).toBeGreaterThan(picture.normal.high);
  expect(picture.since).not.toBeNull();
});

test('after the change the same picture shows what was done and the signal back in its band', async () => {
  const run = await untilAsked();
  await run.decide('approve');
  await run.until(() => run.incident().resolved !== null);
  const picture = await pictureOf(run);
  expect(picture.marks.map(({ text }) => text)).toEqual([
    'deploy of checkout v42',
    'errors not normal',
    'page',
    'service rollback checkout',
    'back to normal',
    'recovered',
  ]);
  expect(picture.points.at(-1)?.[1]).toBeLessThanOrEqual(picture.normal.high);
  const times = picture.points.map(([at]) => at);
  expect(times).toEqual(times.toSorted((a, b) => a - b));
  // Three minutes of normal before it, not all that was read.
  expect(times[0]).toBeGreaterThanOrEqual((picture.since ?? 0) - 3 * 60_000);
});

test('the picture of an incident is asked for like the incident, as PNG', async () => {
  const run = await untilAsked();
  const answer = await pictureAnswer({ ...run, zone }, run.incident().id);
  expect(kindOf(answer)).toBe('image/png');
});

test('before anybody looked there is no picture, and it says why', async () => {
  const run = await inProcess({ model: () => ({ reply: () => new Promise(() => undefined) }) as never });
  await run.page();
  const answer = await pictureAnswer({ ...run, zone }, run.incident().id);
  expect(answer).toEqual({
    status: 404,
    body: {
      error: 'INC-1: there is no picture yet: nobody has found the signal that the page is about',
    },
  });
});

test('an incident whose content was erased has no picture any more', async () => {
  const run = await untilAsked();
  const { id } = run.incident();
  const entries = await incidentEntries(run, id);
  expect(await incidentPicture(entries, { read: async () => undefined, zone })).toEqual({
    kind: 'none',
    reason: 'erased',
  });
});

test('pictures are drawn one after the other, and too many at once are refused instead of kept waiting', async () => {
  const run = await untilAsked();
  const picture = await pictureOf(run);
  const all = await Promise.allSettled(Array.from({ length: 5 }, () => picturePng(picture)));
  const failed = all.flatMap((one) => (one.status === 'rejected' ? [String(one.reason)] : []));
  expect(failed).toHaveLength(2);
  expect(failed[0]).toContain('too many pictures');
});
