import type { SignalName } from '#incidents/vocabulary.ts';
import { type Facts, fell, up } from './support.ts';

/** A situation at a small chain of services, the page, and what should be named (`cause service`, or the outcome). */
export type Scenario = {
  name: string;
  facts: Facts;
  paged: string;
  signal?: SignalName;
  expect: string;
  /** What less evidence may lead to: one of two true culprits, or one that only the missing look clears. */
  also?: readonly string[];
};

const chain = (web: Facts[string], api: Facts[string], store: Facts[string]): Facts => ({
  web: { dependsOn: ['api'], ...web },
  api: { dependsOn: ['store'], ...api },
  store,
});
const failing = (share: number) => ({ error_ratio: up(share, 0.002) });
const newVersion = (secondsBefore: number) => [
  { version: 'v2', secondsBefore },
  { version: 'v1', secondsBefore: 864_000 },
];
const slow = (now: number) => ({ latency_p95: up(now, 40) });
const dead = {
  error_ratio: 'gap',
  latency_p95: 'gap',
  request_rate: 'gap',
  saturation: 'gap',
  memory_use: 'gap',
  instances_up: fell(0, 2),
} as const;
const stuckStore = {
  signals: { ...failing(0.98), ...slow(800), saturation: up(1, 0.3), request_rate: { now: 78, normal: 80 } },
};

export const scenarios: readonly Scenario[] = [
  {
    name: 'a bad deploy of the paged service',
    facts: chain(
      { signals: failing(0.2) },
      { signals: failing(0.31), deploys: newVersion(10), freshErrors: true },
      {},
    ),
    paged: 'api',
    expect: 'bad_deploy api',
  },
  {
    name: 'a bad deploy two services below the page',
    facts: chain(
      { signals: failing(0.1), freshErrors: true },
      { signals: failing(0.15), freshErrors: true },
      { signals: failing(0.31), deploys: newVersion(20), freshErrors: true },
    ),
    paged: 'web',
    expect: 'bad_deploy store',
  },
  {
    name: 'a deploy that only made it slow',
    facts: chain({ signals: slow(300) }, { signals: slow(280), deploys: newVersion(30) }, {}),
    paged: 'web',
    expect: 'bad_deploy api',
  },
  {
    name: 'a bad deploy while its dependency blips a little',
    facts: chain(
      {},
      { signals: failing(0.4), deploys: newVersion(15), freshErrors: true },
      { signals: failing(0.02) },
    ),
    paged: 'api',
    expect: 'bad_deploy api',
  },
  {
    name: 'a memory leak with errors',
    facts: chain(
      { signals: failing(0.2) },
      { signals: failing(0.2) },
      { signals: { ...failing(0.4), memory_use: up(0.93, 0.4, { slope: 0.1 }) } },
    ),
    paged: 'web',
    expect: 'memory_leak store',
  },
  {
    name: 'a leak that a memory page announces before anyone feels it',
    facts: chain({}, { signals: { memory_use: up(0.9, 0.4, { slope: 0.02 }) } }, {}),
    paged: 'api',
    signal: 'memory_use',
    expect: 'memory_leak api',
  },
  {
    name: 'a stuck pool of the paged service',
    facts: chain(
      {},
      { signals: { ...failing(0.97), ...slow(1000), saturation: up(1, 0.3), request_rate: fell(30, 80) } },
      {},
    ),
    paged: 'api',
    expect: 'stuck_pool api',
  },
  {
    name: 'a stuck pool below callers whose pools are full because they wait for it',
    facts: chain(
      { signals: { ...failing(0.5), ...slow(1200), saturation: up(1, 0.3) } },
      { signals: { ...failing(0.95), ...slow(1000), saturation: up(1, 0.3) } },
      stuckStore,
    ),
    paged: 'web',
    expect: 'stuck_pool store',
  },
  {
    name: 'a dead dependency',
    facts: chain(
      { signals: failing(0.5), freshErrors: true },
      { signals: failing(0.9), freshErrors: true },
      { signals: dead, workload: { running: 0, exited: 2 }, probe: false },
    ),
    paged: 'web',
    expect: 'instance_down store',
  },
  {
    name: 'a dead dependency of a caller that was deployed at that time',
    facts: chain(
      {},
      { signals: failing(0.9), deploys: newVersion(10), freshErrors: true },
      { signals: dead, workload: { running: 0, exited: 2 }, probe: false },
    ),
    paged: 'api',
    expect: 'instance_down store',
  },
  {
    name: 'one of two instances gone',
    facts: chain(
      {},
      { signals: { ...failing(0.5), instances_up: fell(1, 2) }, workload: { running: 1, exited: 1 } },
      {},
    ),
    paged: 'api',
    expect: 'instance_down api',
  },
  {
    name: 'an instance that hangs and answers neither scrape nor probe',
    facts: chain({}, { signals: { ...failing(0.5), instances_up: fell(1, 2) }, probe: false }, {}),
    paged: 'api',
    expect: 'instance_down api',
  },
  {
    name: 'overload of the last service in the chain',
    facts: chain(
      { signals: { ...failing(0.2), ...slow(900), request_rate: up(230, 80), saturation: up(0.7, 0.3) } },
      { signals: { ...failing(0.25), ...slow(850), request_rate: up(210, 60), saturation: up(0.95, 0.3) } },
      { signals: { ...failing(0.3), ...slow(800), request_rate: up(190, 40), saturation: up(1, 0.3) } },
    ),
    paged: 'web',
    expect: 'overload store',
  },
  {
    name: 'overload of the first service only',
    facts: chain({ signals: { ...slow(600), request_rate: up(500, 80), saturation: up(1, 0.2) } }, {}, {}),
    paged: 'web',
    signal: 'latency_p95',
    expect: 'overload web',
  },
  { name: 'nothing wrong', facts: chain({}, {}, {}), paged: 'web', signal: 'latency_p95', expect: 'healthy' },
  {
    name: 'errors with a new kind of log line and no deploy',
    facts: chain({}, { signals: failing(0.2), freshErrors: true }, {}),
    paged: 'api',
    expect: 'inconclusive',
  },
  {
    name: 'latency without load, deploy or anything else',
    facts: chain({}, { signals: slow(400) }, {}),
    paged: 'api',
    expect: 'inconclusive',
  },
  {
    name: 'a deploy an hour before the onset',
    facts: chain({}, { signals: failing(0.3), deploys: newVersion(3600), freshErrors: true }, {}),
    paged: 'api',
    expect: 'inconclusive',
  },
  {
    name: 'a deploy in reaction to the onset',
    facts: chain({}, { signals: failing(0.3), deploys: newVersion(-20), freshErrors: true }, {}),
    paged: 'api',
    expect: 'inconclusive',
  },
  {
    name: 'a return to an earlier version shortly before other errors',
    facts: chain(
      {},
      {
        signals: failing(0.3),
        deploys: [{ version: 'v1', secondsBefore: 20 }, ...newVersion(60)],
        freshErrors: true,
      },
      {},
    ),
    paged: 'api',
    expect: 'inconclusive',
  },
  {
    name: 'the first deployment ever',
    facts: chain(
      {},
      { signals: failing(0.3), deploys: [{ version: 'v1', secondsBefore: 20 }], freshErrors: true },
      {},
    ),
    paged: 'api',
    expect: 'inconclusive',
  },
  {
    name: 'fast failures with a few retries',
    facts: chain(
      {},
      {
        signals: {
          ...failing(0.6),
          latency_p95: { now: 8, normal: 40 },
          request_rate: up(100, 80),
          saturation: up(0.95, 0.5),
        },
      },
      {},
    ),
    paged: 'api',
    expect: 'inconclusive',
  },
  {
    name: 'a retry storm that only the failing service sees',
    facts: chain(
      {},
      { signals: { ...failing(0.8), request_rate: up(200, 80), saturation: up(0.96, 0.3) } },
      {},
    ),
    paged: 'api',
    expect: 'inconclusive',
  },
  {
    name: 'a slow outside system that fills the pool while work still gets through',
    facts: chain({}, { signals: { ...slow(700), saturation: up(1, 0.3), request_rate: fell(50, 80) } }, {}),
    paged: 'api',
    expect: 'inconclusive',
  },
  {
    name: 'more load right after a new version',
    facts: chain(
      {},
      {
        signals: { ...failing(0.3), ...slow(700), request_rate: up(300, 80), saturation: up(1, 0.3) },
        deploys: newVersion(30),
      },
      {},
    ),
    paged: 'api',
    expect: 'inconclusive',
  },
  {
    name: 'an instance that was missing long before',
    facts: chain(
      {},
      {
        signals: { ...failing(0.3), instances_up: { now: 1, normal: 1 } },
        workload: { running: 1, exited: 1 },
      },
      {},
    ),
    paged: 'api',
    expect: 'inconclusive',
  },
  {
    name: 'memory that grew a little beside errors',
    facts: chain({}, { signals: { ...failing(0.3), memory_use: up(0.5, 0.4, { slope: 0.001 }) } }, {}),
    paged: 'api',
    expect: 'inconclusive',
  },
  {
    name: 'a dependency that slowed down long after its caller',
    facts: chain(
      {},
      { signals: slow(500), deploys: newVersion(10) },
      { signals: { latency_p95: up(300, 40, { since: 1_700_000_000_000 + 60_000 }) } },
    ),
    paged: 'api',
    expect: 'bad_deploy api',
  },
  {
    name: 'a dependency nobody could look at',
    facts: chain(
      {},
      { signals: failing(0.4), deploys: newVersion(10), freshErrors: true },
      {
        signals: { error_ratio: 'gap', latency_p95: 'gap', instances_up: 'gap' },
        workload: 'gap',
        probe: 'gap',
      },
    ),
    paged: 'api',
    expect: 'inconclusive',
  },
  {
    name: 'a stuck dependency that completes nothing, so that its own errors and latency are unknown',
    facts: chain(
      { signals: failing(0.5) },
      { signals: { ...failing(0.9), ...slow(1000) } },
      {
        signals: {
          error_ratio: 'gap',
          latency_p95: 'gap',
          request_rate: fell(0, 80),
          saturation: up(1, 0.3),
        },
      },
    ),
    paged: 'web',
    expect: 'stuck_pool store',
  },
  {
    name: 'a stuck dependency whose few finished requests look fine, under a caller deployed at that time',
    facts: chain(
      {},
      { signals: failing(0.9), deploys: newVersion(10), freshErrors: true },
      { signals: { request_rate: fell(10, 80), saturation: up(1, 0.3) } },
    ),
    paged: 'api',
    expect: 'stuck_pool store',
    also: ['bad_deploy api'],
  },
  {
    name: 'retries along the whole chain',
    facts: chain(
      { signals: { ...failing(0.3), request_rate: up(95, 80) } },
      { signals: { ...failing(0.6), request_rate: up(100, 80), saturation: up(0.96, 0.3) } },
      {},
    ),
    paged: 'web',
    expect: 'inconclusive',
  },
  {
    name: 'a rolling restart in the middle of other errors',
    facts: chain(
      {},
      { signals: { ...failing(0.3), instances_up: fell(1, 2) }, workload: { running: 1, starting: 1 } },
      {},
    ),
    paged: 'api',
    expect: 'inconclusive',
  },
  {
    name: 'fewer instances on purpose, and other errors',
    facts: chain(
      {},
      { signals: { ...failing(0.3), instances_up: fell(1, 2) }, workload: { replicas: 1 } },
      {},
    ),
    paged: 'api',
    expect: 'inconclusive',
  },
  {
    name: 'a deploy ten minutes before errors of a kind that is not new',
    facts: chain({}, { signals: failing(0.3), deploys: newVersion(600) }, {}),
    paged: 'api',
    expect: 'inconclusive',
  },
  {
    name: 'a deploy ten minutes before a new kind of error',
    facts: chain({}, { signals: failing(0.3), deploys: newVersion(600), freshErrors: true }, {}),
    paged: 'api',
    expect: 'bad_deploy api',
  },
  {
    name: 'two dependencies that were deployed and fail at the same time',
    facts: {
      web: { dependsOn: ['api', 'store'], signals: failing(0.4) },
      api: { signals: failing(0.3), deploys: newVersion(10), freshErrors: true },
      store: { signals: failing(0.3), deploys: newVersion(12), freshErrors: true },
    },
    paged: 'web',
    expect: 'inconclusive',
    also: ['bad_deploy api', 'bad_deploy store'],
  },
];
