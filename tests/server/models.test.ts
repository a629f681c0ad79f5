import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type MemoryLog, openMemoryLog } from '#audit/memory-log.ts';
import { type Clock, realRandom } from '#core/clock.ts';
import { CallId, ServiceId } from '#core/ids.ts';
import { type Fact, readFact } from '#incidents/entry.ts';
import type { Inventory } from '#incidents/inventory.ts';
import { SpendFold } from '#incidents/spend-fold.ts';
import type { Item, ModelReply, ModelRequest } from '#llm/model.ts';
import { loadConfig } from '#server/config.ts';
import { createModel, type RunningModel } from '#server/models.ts';
import { sendPolicyOf } from '#server/send-policy.ts';
import {
  type FakeProvider,
  type FakeProviderOptions,
  startFakeProvider,
} from '../fakes/llm-provider/provider.ts';
import { aRequest, rules } from '../llm/a-turn.ts';

const KEYS = { A_KEY: `sk-ant-${'a'.repeat(20)}`, O_KEY: `sk-${'o'.repeat(20)}` };
const NOW = Date.UTC(2026, 11, 1);

/** Waits are noted, not waited; no turn ends by time. */
const waited: number[] = [];
const clock: Clock = {
  now: () => NOW,
  mono: () => 0,
  sleep: async (ms) => void waited.push(ms),
  after: () => () => {},
};

let dir: string;
let log: MemoryLog;
let fold: SpendFold;
let closing: (() => Promise<unknown>)[];
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'firebreak-models-'));
  fold = new SpendFold();
  log = await openMemoryLog({ clock, random: realRandom, folds: [fold] });
  closing = [];
});
afterEach(async () => {
  for (const close of closing) await close();
  rmSync(dir, { recursive: true });
});

async function fake(over: Partial<FakeProviderOptions> = {}): Promise<FakeProvider> {
  const brain = () => ({ text: 'from the fake' });
  const provider = await startFakeProvider({ seed: 1, brain, ...over });
  closing.push(() => provider.close());
  return provider;
}

async function running(models: string): Promise<RunningModel> {
  const file = join(dir, 'firebreak.yaml');
  const head = 'default_owner: team-shop\nteams: [{id: team-shop, name: Shop}]\n';
  const services = `telemetry: {prom: {kind: prometheus, url: "http://127.0.0.1:9090"}}\nservices: [{id: checkout, telemetry: prom}]\n`;
  writeFileSync(file, `${head}${services}${models}`);
  const { models: settings, inventory, secrets } = loadConfig(file, KEYS);
  const onError = (error: unknown): never => {
    throw error;
  };
  const made = await createModel({
    settings,
    rules,
    inventory,
    secrets,
    log,
    fold,
    clock,
    random: realRandom,
    onError,
  });
  closing.unshift(() => made.close());
  return made;
}

/** Anthropic at one address, OpenAI at another; `default` says who is asked. */
function twoVendors(a: string, b: string, rest = 'roles: {default: [a/claude-sonnet-4-6, b/gpt-5]}'): string {
  return `models:
  providers:
    a: {kind: anthropic, key: env:A_KEY, base_url: "${a}"}
    b: {kind: openai, key: env:O_KEY, base_url: "${b}/v1"}
  ${rest}
`;
}

const ask = ({ model }: RunningModel, request?: Partial<ModelRequest>): Promise<ModelReply> =>
  model.reply(aRequest(request), new AbortController().signal);

const facts = async (): Promise<Fact[]> =>
  (await Array.fromAsync(log.read(0))).flatMap((entry) => readFact(entry) ?? []);
const attempts = async () =>
  (await facts()).flatMap((one) => (one.kind === 'model.attempted' ? [one.body] : []));
const notices = async () =>
  (await facts()).flatMap((one) => (one.kind === 'spend.noticed' ? [one.body] : []));

test('without models in the config the rules answer, and nothing is booked', async () => {
  const made = await running('');
  expect(await ask(made)).toMatchObject({ by: { mode: 'rules', why: null } });
  expect(await attempts()).toEqual([]);
});

test('what a vendor bills is in the books to the token, at the price of the table', async () => {
  const provider = await fake();
  const made = await running(twoVendors(provider.url, provider.url));
  const reply = await ask(made);
  expect(reply).toMatchObject({
    text: 'from the fake',
    by: { model: 'a/claude-sonnet-4-6', mode: 'model', why: null },
  });
  const [attempted] = await attempts();
  const [billed] = provider.billed();
  expect(attempted).toMatchObject({ outcome: 'ok', tokens: billed?.tokens, price: '2026-11-20' });
  const { input = 0, cacheRead = 0, cacheWrite = 0, output = 0 } = billed?.tokens ?? {};
  const cost = Math.ceil(input * 3 + cacheRead * 0.3 + cacheWrite * 3.75 + output * 15);
  expect(attempted?.usdMicros).toBe(cost);
  expect(fold.spent({ kind: 'day', day: '2026-12-01' })).toBe(cost);
});

test('the dead provider is replaced by the living one, and the reply says why', async () => {
  const [dead, alive] = [await fake(), await fake()];
  const made = await running(twoVendors(dead.url, alive.url));
  await dead.close();
  expect(await ask(made)).toMatchObject({ by: { model: 'b/gpt-5', mode: 'model', why: 'unavailable' } });
  expect(alive.billed()).toHaveLength(1);
});

test('when both are dead the rules answer every turn, and nobody is asked more than the breaker lets through', async () => {
  const provider = await fake({ faults: { kind: 'all', fault: { kind: 'server_error' } } });
  const made = await running(twoVendors(provider.url, provider.url));
  const replies: ModelReply[] = [];
  for (let n = 0; n < 20; n += 1) replies.push(await ask(made));
  for (const reply of replies) expect(reply).toMatchObject({ text: 'by rules', by: { mode: 'rules' } });
  expect(provider.seen()).toHaveLength(6);
});

test.each([
  ['a wrong key', { key: 'another' }, 'key_refused', 3],
  ['an unknown model', { models: ['claude-else'] }, 'unknown_model', 3],
  ['a prompt that is too long', { contextTokens: 3 }, 'prompt_too_long', 1],
])(
  '%s at the vendor: the rules answer, labelled, and twenty turns make no storm',
  async (_, options, why, attempts) => {
    const provider = await fake(options);
    const made = await running(
      twoVendors(provider.url, provider.url, 'roles: {default: [a/claude-sonnet-4-6]}'),
    );
    expect(await ask(made)).toMatchObject({ by: { model: 'rules', mode: 'rules', why } });
    for (let n = 0; n < 19; n += 1) expect(await ask(made)).toMatchObject({ by: { mode: 'rules' } });
    expect(provider.seen()).toHaveLength(attempts);
    expect(fold.spent({ kind: 'day', day: '2026-12-01' })).toBe(0);
  },
);

test('a spent budget sends nothing, is noticed once, and the rules say so', async () => {
  const provider = await fake();
  const rest = 'roles: {default: [a/claude-sonnet-4-6, b/gpt-5]}\n  budget: {incident: 0}';
  const made = await running(twoVendors(provider.url, provider.url, rest));
  for (let n = 0; n < 3; n += 1)
    expect(await ask(made)).toMatchObject({ by: { mode: 'rules', why: 'incident_spent' } });
  expect(provider.seen()).toHaveLength(0);
  expect(await notices()).toMatchObject([{ scope: 'incident', percent: 100, limitUsdMicros: 0 }]);
});

test('a retry waits as long as the vendor asks', async () => {
  const fault = { kind: 'rate_limited', retryAfterMs: 3000, header: 'retry-after' } as const;
  const provider = await fake({ faults: { kind: 'first', faults: [fault] } });
  const made = await running(twoVendors(provider.url, provider.url));
  waited.length = 0;
  expect(await ask(made)).toMatchObject({ by: { model: 'a/claude-sonnet-4-6', why: null } });
  expect(waited).toHaveLength(1);
  expect(waited[0]).toBeGreaterThanOrEqual(3000);
  expect((await attempts()).map(({ outcome, attempt }) => [outcome, attempt])).toEqual([
    ['rate_limited', 1],
    ['ok', 2],
  ]);
});

test('a price that holds only from a later day fails the start and names the model', async () => {
  const prices = 'prices: [{provider: a, model: claude-sonnet-4-6, date: 2027-01-01, in: 1, out: 1}]';
  const rest = `roles: {default: [a/claude-sonnet-4-6]}\n  ${prices}`;
  await expect(running(twoVendors('http://127.0.0.1:9', 'http://127.0.0.1:9', rest))).rejects.toThrow(
    'models.prices has no price for a/claude-sonnet-4-6 that holds on 2026-12-01',
  );
});

const SECRET = `ghp_${'x1'.repeat(18)}`;
function read(id: string, tool: string, text: string): Item[] {
  const args = { service: 'service:checkout' };
  return [
    { kind: 'reply', text: '', calls: [{ id, tool, args }] },
    { kind: 'result', id, call: CallId.parse(`e${id.length}`), tool, outcome: 'ok', value: { text }, text },
  ];
}

test('no secret, and nothing of a source that may not leave, is in any request', async () => {
  const provider = await fake();
  const rest = 'roles: {default: [a/claude-sonnet-4-6]}\n  send_to_model: {prom: full, logs: never}';
  const made = await running(twoVendors(provider.url, provider.url, rest));
  const brief: Item = { kind: 'input', source: 'brief', value: SECRET, text: `token ${SECRET}` };
  const items = [
    brief,
    ...read('i', 'metrics_query', 'errors 31 %'),
    ...read('ii', 'logs_search', 'private line'),
  ];
  await ask(made, { items });
  const [seen] = provider.seen();
  expect(seen?.status).toBe(200);
  expect(seen?.body).toContain('errors 31 %');
  expect(seen?.body).toContain('[redacted]');
  expect(seen?.body).toContain('keeps what this source says on this machine');
  expect(seen?.body).not.toContain(SECRET);
  expect(seen?.body).not.toContain('private line');
});

test('each tool answers under the rule of its source, and evidence that is read again keeps its own', () => {
  const id = ServiceId.parse('checkout');
  const inventory = {
    services: new Map([[id, { id, telemetry: 'prom', workload: { driver: 'shop', name: 'c' } }]]),
  } as unknown as Inventory;
  const policy = sendPolicyOf(
    new Map([
      ['prom', 'full'],
      ['shop', 'never'],
    ]),
    inventory,
  );
  const of = (tool: string, args: ModelRequest['items'][number] | object = { service: 'service:checkout' }) =>
    policy({ id: '1', tool, args: args as never }, (call) => (call === 'e1' ? 'full' : undefined));
  expect(of('metrics_query')).toBe('full');
  expect(of('workload_status')).toBe('never');
  expect(of('deployments_list')).toBe('never');
  expect(of('logs_search')).toBe('redacted');
  expect(of('metrics_query', { service: 'service:other' })).toBe('redacted');
  expect(of('evidence_read', { call: 'e1' })).toBe('full');
  expect(of('evidence_read', { call: 'e2' })).toBe('never');
  expect(of('evidence_read', {})).toBe('never');
  expect(of('hypotheses_rank', {})).toBe('never');
  expect(of('a_tool_of_next_year')).toBe('never');
});
