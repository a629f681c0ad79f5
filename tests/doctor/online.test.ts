import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { FirebreakError } from '#core/errors.ts';
import { Secret } from '#core/secret.ts';
import { examine } from '#doctor/examine.ts';
import { loadConfig } from '#server/config.ts';
import {
  type AskOnline,
  beyondReading,
  type OnlineAnswer,
  rightsOnline,
  SLACK_SCOPES,
} from '#server/doctor-online.ts';
import { soundFacts } from './facts.ts';

const ENV = {
  BOT: `xoxb-${'1234567890-'.repeat(3)}abc`,
  APP: `xapp-1-${'A'.repeat(30)}`,
  GH: `ghp_${'a1'.repeat(18)}`,
  PD: `u+${'AbCdEfGh1'.repeat(2)}`,
  KUBE: 'kube-token-of-a-test',
};

function config() {
  const dir = mkdtempSync(join(tmpdir(), 'firebreak-online-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const path = join(dir, 'firebreak.yaml');
  writeFileSync(
    path,
    `default_owner: team-a
teams: [{id: team-a, name: A}]
slack: {team: T0123456789, app: A0123456789, bot_token: env:BOT, app_token: env:APP, default_channel: C0123456789}
github: {token: env:GH}
pagerduty: {api: https://api.pagerduty.com, token: env:PD, from: a@example.com}
clusters: {main: {url: https://kube.example.com, token: env:KUBE}}
services: [{id: checkout, cluster: {driver: main, namespace: shop}}]
`,
  );
  return loadConfig(path, ENV);
}

const rulesReview = (...rules: object[]) => ({ status: { resourceRules: rules } });
const READER = { verbs: ['get', 'list', 'watch'], apiGroups: [''], resources: ['pods', 'pods/log'] };
const SELF = {
  verbs: ['create'],
  apiGroups: ['authorization.k8s.io'],
  resources: ['selfsubjectrulesreviews'],
};

type Says = {
  readonly slack?: object;
  readonly scopes?: string;
  readonly github?: string;
  readonly kube?: object;
  readonly status?: number;
};

/** Every system answers as it should, but for what a test says. */
function world({
  slack = { ok: true },
  scopes = SLACK_SCOPES.join(','),
  github = '',
  kube,
  status = 200,
}: Says = {}) {
  const seen: Parameters<AskOnline>[0][] = [];
  const ask: AskOnline = async (asked) => {
    seen.push(asked);
    const answer = (body: object, header = ''): OnlineAnswer => ({
      ...{ status, text: JSON.stringify(body) },
      headers: { get: (name) => (name === 'x-oauth-scopes' ? header : null) },
    });
    if (asked.url.includes('slack')) return answer(slack, scopes);
    if (asked.url.includes('github')) return answer({}, github);
    if (asked.url.includes('kube')) return answer(kube ?? rulesReview(READER, SELF));
    return answer({});
  };
  return { ask, seen };
}

async function found(says: Says) {
  const facts = { ...soundFacts(), ...(await rightsOnline(config(), world(says).ask)) };
  const all = examine(facts);
  return (id: string) => all.find((one) => one.id === id);
}

test('credentials that may do what is documented and no more are as they should be', async () => {
  const of = await found({});
  for (const id of ['slack', 'github', 'pagerduty', 'kubernetes'])
    expect(of(id)).toMatchObject({ status: 'ok' });
});

test.each([
  ['slack', { scopes: `${SLACK_SCOPES.join(', ')}, admin.users:write` }, 'may also admin.users:write'],
  ['slack', { scopes: 'chat:write' }, 'lacks channels:read'],
  ['slack', { slack: { ok: false, error: 'token_revoked' } }, 'token_revoked'],
  ['github', { github: 'repo, read:org' }, 'may also repo'],
  ['pagerduty', { status: 401 }, 'answered 401'],
  ['kubernetes', { kube: rulesReview(READER, { ...READER, resources: ['secrets'] }) }, 'get secrets in shop'],
  ['kubernetes', { kube: rulesReview({ verbs: ['*'], resources: ['*'] }) }, '* * in shop'],
  ['kubernetes', { kube: rulesReview({ ...READER, resources: ['*'] }) }, 'get * in shop'],
  [
    'kubernetes',
    { kube: rulesReview({ verbs: ['create'], resources: ['pods/exec'] }) },
    'create pods/exec in shop',
  ],
  ['kubernetes', { kube: rulesReview({ ...READER, resources: ['pods/exec'] }) }, 'get pods/exec in shop'],
  ['kubernetes', { kube: rulesReview({ ...READER, resources: ['nodes/proxy'] }) }, 'get nodes/proxy'],
  ['kubernetes', { kube: { kind: 'Status' } }, 'something else'],
])('%s is named when it is not so: %o', async (id, says, text) => {
  const of = await found(says);
  expect(of(id)).toMatchObject({ status: 'fail', seen: expect.stringContaining(text) });
});

test('a system that does not answer is named, the others are judged all the same', async () => {
  const { ask } = world();
  const silent: AskOnline = (asked) =>
    asked.url.includes('slack') ? Promise.reject(new Error('no answer within 10 s')) : ask(asked);
  const rights = await rightsOnline(config(), silent);
  expect(rights).toMatchObject({
    slack: { value: { problem: 'no answer within 10 s' } },
    github: { value: { problem: null } },
  });
});

test('a credential that cannot be used any more is named, and breaks nothing', async () => {
  const gone = new Secret(() => {
    throw new FirebreakError('secret_unusable', 'there is no file /run/gh');
  });
  const { ask } = world();
  const whole = config();
  const rights = await rightsOnline(
    { ...whole, github: { url: 'https://api.github.com', token: gone } },
    ask,
  );
  expect(rights).toMatchObject({ github: { value: { problem: 'there is no file /run/gh' } } });
});

test('each credential goes to its own address only, and into a header only', async () => {
  const { ask, seen } = world();
  await rightsOnline(config(), ask);
  for (const { url, headers, body } of seen) {
    const own = [ENV.BOT, ENV.GH, ENV.PD, ENV.KUBE].filter((secret) =>
      JSON.stringify(headers).includes(secret),
    );
    expect(own).toHaveLength(1);
    expect(`${url}${JSON.stringify(body ?? {})}`).not.toContain(own[0]);
  }
  expect(seen.map(({ url }) => new URL(url).hostname)).toEqual([
    'slack.com',
    'api.github.com',
    'api.pagerduty.com',
    'kube.example.com',
  ]);
});

test('a cluster that no service names is asked all the same', async () => {
  const { ask } = world({ kube: rulesReview({ verbs: ['*'], resources: ['*'] }) });
  const whole = config();
  const inventory = { ...whole.inventory, services: new Map() };
  const { kubernetes } = await rightsOnline({ ...whole, inventory }, ask);
  expect(kubernetes).toMatchObject({ value: [{ surplus: ['* * in default'] }] });
});

test('an API server is asked with the certificates that the config names for it, and no other system is', async () => {
  const { ask, seen } = world();
  const whole = config();
  const [cluster] = whole.clusters.values();
  if (cluster === undefined) throw new Error('there is a cluster');
  await rightsOnline({ ...whole, clusters: new Map([['main', { ...cluster, ca: '/ca.crt' }]]) }, ask);
  expect(seen.map(({ ca }) => ca)).toEqual([undefined, undefined, undefined, '/ca.crt']);
});

test('a dry run needs patch of deployments, which is no surplus; of anything else it is', () => {
  expect(beyondReading({ verbs: ['patch'], apiGroups: ['apps'], resources: ['deployments'] })).toEqual([]);
  expect(beyondReading({ verbs: ['patch'], apiGroups: [''], resources: ['pods'] })).toEqual(['patch pods']);
});

test('the scopes that are asked for are those of the page for people', () => {
  const page = readFileSync(new URL('../../docs/people.md', import.meta.url), 'utf8');
  const listed = [...page.slice(0, page.indexOf('the events')).matchAll(/`([a-z]+:[a-z]+|commands)`/g)].map(
    ([, one]) => one,
  );
  expect(SLACK_SCOPES).toEqual(listed);
});
