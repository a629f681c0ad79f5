import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openFileLog } from '#audit/file-log.ts';
import { keylessModel } from '#evals/models/models.ts';
import { readReplayCase } from '#evals/replay/replay-case.ts';
import { replay } from '#evals/replay/suite.ts';
import { fact } from '#incidents/entry.ts';
import type { Model } from '#llm/model.ts';
import { aPlace, type Place } from '../cli/a-context.ts';
import { FakeClock } from '../fakes/fake-clock.ts';
import { alice, inProcess } from '../journeys/in-process.ts';

const service = (id: string, needs: string): string =>
  `  - {id: ${id}, owner: team-shop, mode: act, depends_on: [${needs}], max_replicas: 4, telemetry: shop, signals: standard, logs: [/logs/${id}.log], probe: "http://127.0.0.1:1/${id}", workload: {driver: shop, name: ${id}}}`;
const CONFIG = `
environment: demo
default_owner: team-shop
teams: [{id: team-shop, name: Shop}]
people: [{id: alice, name: Alice, roles: [responder, approver, owner], teams: [team-shop]}]
telemetry: {shop: {kind: scrape, discover: "http://127.0.0.1:1/v1/targets", token: env:NOT_SET_HERE, every: 500ms, keep: 15m}}
workloads: {shop: {kind: process, url: "http://127.0.0.1:1", token: env:NOT_SET_HERE, act_token: "file:/not/there"}}
services:
${[service('gateway', 'checkout'), service('checkout', 'inventory'), service('inventory', '')].join('\n')}
policy: {rules: []}
`;
const SECRET = 'sk-ant-api03-abcdefghijklmnopqrstuvwxyz0123456789';

let place: Place;

/** A bad deploy is paged, diagnosed and put before Alice, in a log on disk; she says that the cause was right. */
async function handled(): Promise<void> {
  const clock = new FakeClock();
  const run = await inProcess({
    clock,
    seed: 5,
    openLog: async (options) => {
      const log = await openFileLog({ ...options, dir: place.data, folds: options.folds ?? [] });
      return { ...log, eraseKey: () => undefined };
    },
  });
  await clock.advance(60_000);
  run.shop.inject('bad-deploy', 'checkout');
  await clock.advance(10_000);
  await run.page({ summary: `errors of checkout, token ${SECRET}` });
  await run.until(() => run.folds.approvals.all().some(({ state }) => state === 'pending'));
  const { id, trace } = run.incident();
  const body = { by: alice.id, right: true, cause: null, service: null };
  const actor = { kind: 'person', id: alice.id } as const;
  await run.log.append([fact('verdict.given', body, { actor, traceId: trace, incident: id })]);
  await run.firebreak.close();
  await run.log.close();
}

beforeAll(async () => {
  place = aPlace();
  writeFileSync(join(place.dir, 'firebreak.yaml'), CONFIG);
  await handled();
  const ran = await place.run(['incidents', 'export', 'INC-1', '--case', 'one']);
  expect(ran).toMatchObject({ exit: 0, err: [] });
}, 60_000);
afterAll(() => place[Symbol.dispose]());

const load = () => readReplayCase(join(place.dir, 'one'));
const play = async (model = 'rules', maxReads: number | null = null) => {
  const { one, digest } = await load();
  return replay(one, { digest, maxReads, makeModel: keylessModel(model) });
};

describe('a handled incident as a case', () => {
  test('holds its page, its looks, what was said and the truth, and no secret', async () => {
    const { one } = await load();
    expect(one.before).toMatchObject({
      cause: 'bad_deploy',
      service: 'checkout',
      proposed: ['service_rollback'],
    });
    expect(one.verdict).toMatchObject({ by: 'alice', right: true });
    expect(one.reads.length).toBeGreaterThan(5);
    expect(one.alerts).toHaveLength(1);
    const text = readFileSync(join(place.dir, 'one/case.json'), 'utf8');
    expect(text).not.toContain(SECRET);
    expect(text).not.toMatch(/127\.0\.0\.1|\/logs\//);
  });

  test('is refused when somebody changed it after it was sealed', async () => {
    cpSync(join(place.dir, 'one'), join(place.dir, 'changed'), { recursive: true });
    const file = join(place.dir, 'changed/case.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace('"bad_deploy"', '"overload"'));
    const ran = await place.run(['evals', 'changed']);
    expect(ran.exit).toBe(1);
    expect(ran.err.join('\n')).toContain('is not what was sealed');
  });

  test('is not written into a folder that holds something, nor for an incident that is not there', async () => {
    const again = await place.run(['incidents', 'export', 'INC-1', '--case', 'one']);
    expect(again).toMatchObject({ exit: 2, err: [expect.stringContaining('is not empty')] });
    const none = await place.run(['incidents', 'export', 'INC-9', '--case', 'none']);
    expect(none).toMatchObject({ exit: 1, err: [expect.stringContaining('there is no INC-9')] });
    expect(readdirSync(place.dir)).not.toContain('none');
  });
});

describe('a replay', () => {
  test('comes to the same cause and the same proposal, from the recording alone', async () => {
    const result = await play();
    expect(result).toMatchObject({ same: true, right: true, missed: 0, errors: [] });
    expect(result.now).toMatchObject({ cause: 'bad_deploy', service: 'checkout' });
  });

  test('writes the same log bit for bit, whatever the clock of the machine says', async () => {
    const first = await place.run(['evals', 'one', '--json']);
    const clock = new FakeClock(Date.UTC(2031, 7, 1, 12));
    const second = await place.run(['evals', 'one', '--json'], { clock });
    expect(first.out).toEqual(second.out);
    const score = JSON.parse(first.out.at(-1) ?? '');
    expect(score).toMatchObject({ suite: 'replay', cases: 1, passed: 1, metrics: { same: 1, right: 1 } });
    expect(score.metrics.roots['INC-1']).toMatch(/^[0-9a-f]{64}$/);
    expect((await play('rules', 3)).root).not.toBe(score.metrics.roots['INC-1']);
  });

  test('that is rehearsed answers the run that counts from the beginning', async () => {
    const { one, digest } = await load();
    const gap = { kind: 'gap', reason: 'unreachable', detail: 'gone' } as const;
    const later = one.reads.map((read) => ({ ...read, result: gap }));
    const twice = { ...one, reads: [...one.reads, ...later] };
    const rules = ({ rules }: { rules: Model }) => rules;
    const how = { digest, maxReads: null };
    const bare = await replay(twice, { ...how, makeModel: async () => ({ model: rules }) });
    expect(bare.now.cause).toBe('bad_deploy');
    const made = { model: rules, rehearsal: rules };
    expect(await replay(twice, { ...how, makeModel: async () => made })).toEqual(bare);
  });

  test('with another model says where it differs', async () => {
    const scripted = await play('scripted');
    expect(scripted).toMatchObject({ right: true, errors: [] });
    expect(scripted.root).not.toBe((await play()).root);
    const { one, digest } = await load();
    const other = { ...one, before: { ...one.before, cause: 'overload' as const } };
    expect(await replay(other, { digest, maxReads: null })).toMatchObject({ same: false, right: false });
    const ran = await place.run(['evals', 'one', '--model', 'scripted']);
    expect(ran.exit).toBe(0);
    expect(ran.out.slice(0, 3).join('\n')).toMatch(
      /INC-1 {2}the same as then, right\n {2}then .*rules\)\n {2}now .*scripted/,
    );
  });

  test('"not that one" makes naming it again wrong, and leaves everything else open', async () => {
    const { one, digest } = await load();
    const verdict = { by: alice.id, right: false, cause: null, service: null };
    expect(await replay({ ...one, verdict }, { digest, maxReads: null })).toMatchObject({ right: false });
    const blind = { ...one, verdict, reads: [] };
    expect(await replay(blind, { digest, maxReads: null })).toMatchObject({ right: null, same: false });
  });

  test('of a folder without a case says how one is made', async () => {
    const ran = await place.run(['evals', '.firebreak']);
    expect(ran.exit).toBe(2);
    expect(ran.err.join('\n')).toContain('firebreak incidents export ID --case DIR');
  });
});
