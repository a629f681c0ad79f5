import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { realClock } from '#core/clock.ts';
import { cloudopsbench } from '#evals/cloudopsbench/suite.ts';

const NS = 'bakery';
const key = (tool: string, args: object): string => `${tool}:${JSON.stringify(args)}`;
const list = (type: string): string => key('GetResources', { resource_type: type, name: '', namespace: NS });

/** A recording of two small systems: an image that does not exist, and a service that selects nothing. */
const image: Readonly<Record<string, string>> = {
  [list('pods')]:
    'NAME             READY   STATUS         RESTARTS   AGE\noven-7d9c5-x2xbb   0/1     ErrImagePull   0          9s\n',
  [list('deployments')]:
    'NAME   READY   UP-TO-DATE   AVAILABLE   AGE\noven   0/1     1            0           9s\n',
  [key('DescribeResource', { resource_type: 'pods', name: 'oven-7d9c5-x2xbb', namespace: NS })]:
    'Name: oven-7d9c5-x2xbb\nLabels: pod-template-hash=7d9c5\nNode: n1/10.0.0.1\nContainers:\n  main:\n    State: Waiting\n      Reason: ErrImagePull\n    Ready: False\nEvents:\n  Type     Reason   Age   From     Message\n  ----     ------   ----  ----     -------\n  Warning  Failed   9s    kubelet  Failed to pull image "r.example/ovn:1": manifest unknown\n',
};
const routing: Readonly<Record<string, string>> = {
  [list('pods')]:
    'NAME             READY   STATUS    RESTARTS   AGE   LABELS\noven-7d9c5-x2xbb   1/1     Running   0          9s    app=oven,pod-template-hash=7d9c5\n',
  [list('deployments')]:
    'NAME   READY   UP-TO-DATE   AVAILABLE   AGE\noven   1/1     1            1           9s\n',
  [list('services')]:
    'NAME   TYPE        CLUSTER-IP   EXTERNAL-IP   PORT(S)   AGE   SELECTOR\noven   ClusterIP   10.9.0.1     <none>        80/TCP    9s    app=ovn\n',
  [list('endpoints')]: 'NAME   ENDPOINTS   AGE\noven   <none>      9s\n',
};

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'firebreak-set-'));
  const strings = [...Object.values(image), ...Object.values(routing)];
  const tools = (answers: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(answers).map(([name, text]) => [name, strings.indexOf(text)]));
  const one = (id: string, answers: Readonly<Record<string, string>>) => ({
    ...{
      id,
      system: 'bakery',
      namespace: NS,
      query: 'Something is wrong.',
      alerts: {},
      tools: tools(answers),
    },
  });
  const cases = { a: one('a', image), b: one('b', routing) };
  await mkdir(join(dir, 'shards'));
  await writeFile(join(dir, 'shards', 'one.json.br'), brotliCompressSync(JSON.stringify({ strings, cases })));
  const truth = {
    a: {
      system: 'bakery',
      faultTaxonomy: 'Startup_Fault',
      faultObject: 'app/oven',
      rootCause: 'incorrect_image_reference',
    },
    b: {
      system: 'bakery',
      faultTaxonomy: 'Service_Routing_Fault',
      faultObject: 'app/oven',
      rootCause: 'service_selector_mismatch',
    },
  };
  await writeFile(join(dir, 'truth.small.json'), JSON.stringify(truth));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const options = { model: 'rules', maxReads: null, leaveOut: null, clock: realClock, say: () => undefined };

test('recorded cases are diagnosed through the product and scored by taxonomy, object and cause', async () => {
  const score = await cloudopsbench({ ...options, data: dir });
  expect(score).toMatchObject({
    ...{ suite: 'cloudopsbench', model: 'rules', cases: 2, passed: 2 },
    metrics: {
      a1: 1,
      a3: 1,
      object: 1,
      misnamed: 0,
      abstained: 0,
      bySystem: { bakery: { cases: 2, a1: 1 } },
    },
  });
});

test('fewer reads than it takes end in an abstention, not in a guess', async () => {
  const { metrics } = await cloudopsbench({ ...options, data: dir, maxReads: 1 });
  expect(metrics).toMatchObject({ a1: 0, abstained: 1, misnamed: 0, readsMax: 1 });
});

test('with the rules of its cause off a case gets no other name, and the place stays right', async () => {
  const { metrics } = await cloudopsbench({ ...options, data: dir, leaveOut: 'all' });
  expect(metrics).toMatchObject({ misnamed: 0, objectRight: 1 });
});

test('a case is scored as wrong when its truth says something else', async () => {
  const wrong = { faultTaxonomy: 'Runtime_Fault', faultObject: 'app/oven', rootCause: 'oom_killed' };
  await writeFile(join(dir, 'truth.small.json'), JSON.stringify({ a: wrong }));
  const { cases, passed, metrics } = await cloudopsbench({ ...options, data: dir });
  expect({ cases, passed, misnamed: metrics.misnamed }).toEqual({ cases: 1, passed: 0, misnamed: 1 });
});

test('a label that the set spells otherwise is left out with the rules that can emit it', async () => {
  const truth = {
    faultTaxonomy: 'Startup_Fault',
    faultObject: 'app/oven',
    rootCause: 'incorrect_image_ref',
  };
  await writeFile(join(dir, 'truth.small.json'), JSON.stringify({ a: truth }));
  const all = await cloudopsbench({ ...options, data: dir });
  expect(all.metrics).toMatchObject({ a1: 1 });
  const without = await cloudopsbench({ ...options, data: dir, leaveOut: 'incorrect_image_ref' });
  expect(without.metrics).toMatchObject({ misnamed: 0, abstained: 1 });
});

test('a label that nothing has cannot be left out', async () => {
  await expect(cloudopsbench({ ...options, data: dir, leaveOut: 'no_such_thing' })).rejects.toThrow(
    'no case has the cause no_such_thing',
  );
  expect(await cloudopsbench({ ...options, data: dir, leaveOut: 'oom_killed' })).toMatchObject({ cases: 0 });
});
