import { mkdirSync } from 'node:fs';
import type { Browser, Locator, Page as Tab } from 'playwright-core';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { planHash } from '#approvals/plan.ts';
import { startPage } from '#demo/slack-fake/page-server.ts';
import type { Hands } from '#demo/slack-fake/workspace.ts';
import { approvalMessage } from '#slack/cards/approval.ts';
import { approveModal } from '#slack/cards/modals.ts';
import { approvalCard } from '#views/approval-card.ts';
import type { ApprovalStanding } from '#views/approval-standing.ts';
import { type FakeSlack, startFakeSlack } from '../fakes/slack/fake-slack.ts';
import { aPlan } from '../views/a-plan.ts';
import { aBrowser, chromiumPath } from './a-browser.ts';

/** A phone, as tall as the smaller ones. */
const phone = { width: 390, height: 664 };
const results = 'results/browser';
let browser: Browser | undefined;
beforeAll(async () => {
  if (chromiumPath === undefined) return console.log('skipped: there is no chromium on this machine');
  browser = await aBrowser();
  mkdirSync(results, { recursive: true });
});
afterAll(async () => browser?.close());
const inBrowser = test.skipIf(chromiumPath === undefined);

type Opened = { readonly fake: FakeSlack; readonly tab: Tab; readonly problems: string[] };

async function opened(over: Partial<Hands> = {}): Promise<Opened> {
  if (browser === undefined) throw new Error('there is no browser');
  const users = [
    { id: 'U0ALICE', name: 'alice' },
    { id: 'U0BOB', name: 'bob' },
  ];
  const fake = await startFakeSlack({ users, channels: [{ id: 'C0SHOP', name: 'shop' }] });
  onTestFinished(() => fake.close());
  const page = await startPage({
    workspace: fake.workspace,
    people: { ...fake.people, ...over },
    first: 'U0ALICE',
  });
  onTestFinished(() => page.close());
  const tab = await browser.newPage({ viewport: phone });
  tab.setDefaultTimeout(15_000);
  onTestFinished(() => tab.close());
  const problems: string[] = [];
  tab.on('dialog', (dialog) => {
    problems.push(`dialog ${dialog.message()}`);
    void dialog.dismiss();
  });
  tab.on('pageerror', (error) => problems.push(error.message));
  tab.on('request', (request) => {
    if (!request.url().startsWith(page.url)) problems.push(`request ${request.url()}`);
  });
  await tab.goto(page.url);
  return { fake, tab, problems };
}

/** Posts as the app does; gives the id of the message. */
async function post(fake: FakeSlack, args: Record<string, string>): Promise<string> {
  const response = await fetch(`${fake.apiUrl}chat.postMessage`, {
    method: 'POST',
    headers: { authorization: `Bearer ${fake.botToken}` },
    body: new URLSearchParams({ channel: 'C0SHOP', ...args }),
  });
  expect(await response.json()).toMatchObject({ ok: true });
  return fake.workspace.messages.at(-1)?.ts ?? '';
}

const plan = aPlan();
const hash = planHash(plan);
const card = approvalCard(plan, hash);
const pending: ApprovalStanding = {
  ...{ id: plan.approval, hash, state: 'pending' as const, reason: null, mode: 'act' as const },
  ...{ requestedAt: plan.createdAt, at: plan.createdAt, decisions: [] },
};
const asked = approvalMessage(card, pending, {
  ...{ zone: 'UTC', reminded: false, seq: 3, canAskAgain: true, warnings: [], mentions: ['U0ALICE'] },
});

async function isInView(what: Locator): Promise<boolean> {
  const box = await what.boundingBox();
  if (box === null) return false;
  return box.x >= 0 && box.y >= 0 && box.x + box.width <= phone.width && box.y + box.height <= phone.height;
}

inBrowser(
  'on a phone the approval card shows effect, undo, expiry and both buttons without scrolling',
  async () => {
    const { fake, tab } = await opened();
    const root = await post(fake, { text: '*INC-1 HighErrorRate checkout*\ncritical - mitigating' });
    await post(fake, { text: asked.text, blocks: JSON.stringify(asked.blocks), thread_ts: root });
    const article = tab.locator('article').filter({ hasText: 'Roll back checkout' });
    await article.waitFor();
    await tab.locator('main').evaluate((main) => main.scrollTo(0, 0));
    const head = article.locator('.block').first();
    const words = await head.innerText();
    for (const part of [
      'Roll back checkout v42 → v41 in demo',
      'Undo: deploy v42 again.',
      'Expires ',
      'Touches checkout',
    ])
      expect(words).toContain(part);
    for (const what of [head, ...['Approve', 'Deny'].map((name) => article.getByRole('button', { name }))])
      expect(await isInView(what)).toBe(true);
    const wide = await tab.evaluate('document.documentElement.scrollWidth');
    expect(wide).toBeLessThanOrEqual(phone.width);
    await tab.screenshot({ path: `${results}/approval-390.png` });
  },
);

const attacks = [
  '<img src=x onerror=alert(1)>',
  '<script>alert(2)</script>',
  '"><svg onload=alert(3)>',
  '<javascript:alert(4)|click>',
  '[x](javascript:alert(5))',
  '</div></article><h1>owned</h1>',
  '<style>*{display:none}</style>',
];

inBrowser('hostile strings stay text, wherever they stand', async () => {
  const { fake, tab, problems } = await opened();
  const blocks = [
    ...attacks.map((text) => ({ type: 'section', text: { type: 'mrkdwn', text } })),
    ...attacks.map((text) => ({ type: 'section', text: { type: 'plain_text', text } })),
    ...attacks.map((text) => ({ type: 'context', elements: [{ type: 'mrkdwn', text: `\`${text}\`` }] })),
    { type: 'header', text: { type: 'plain_text', text: attacks[1] } },
    {
      type: 'actions',
      elements: [
        {
          type: 'button',
          action_id: 'x" onclick="alert(6)',
          value: 'v',
          text: { type: 'plain_text', text: attacks[0] },
        },
      ],
    },
  ];
  const root = await post(fake, { text: attacks[0] ?? '', blocks: JSON.stringify(blocks) });
  for (const text of attacks) await fake.people.say({ user: 'U0BOB', channel: 'C0SHOP', text, thread: root });
  await tab.locator('article').nth(attacks.length).waitFor();
  expect(await tab.getByText('<script>alert(2)</script>').count()).toBeGreaterThan(2);
  for (const tag of [
    'script:not([src])',
    'article svg',
    'article img',
    'article h1',
    'article style',
    'a[href^="javascript"]',
  ])
    expect(await tab.locator(tag).count(), tag).toBe(0);
  await tab.getByRole('button', { name: attacks[0] ?? '' }).click();
  expect(problems).toEqual([]);
});

inBrowser(
  'a form that asks for the target typed shows the effect again, sends what was typed, and closes',
  async () => {
    const sent: unknown[] = [];
    const { fake, tab } = await opened({
      submit: async (what) => {
        sent.push(what);
        fake.workspace.windows.delete(what.window);
        return { kind: 'acknowledged' };
      },
    });
    const view = approveModal(card, { targets: ['checkout'], zone: 'UTC' });
    if (view === undefined) throw new Error('no form');
    const window = { id: 'V1', to: 'U0ALICE', view: JSON.parse(JSON.stringify(view)), errors: {} };
    fake.workspace.windows.set('V1', window);
    const dialog = tab.getByRole('dialog');
    await dialog.waitFor();
    expect(await dialog.innerText()).toContain('Roll back checkout v42 → v41');
    await dialog.getByLabel('Type the name of what is changed').fill('checkout');
    await tab.screenshot({ path: `${results}/typed-390.png` });
    await dialog.getByRole('button', { name: 'Approve' }).click();
    await dialog.waitFor({ state: 'hidden' });
    expect(sent).toMatchObject([{ window: 'V1', values: { typed: 'checkout' } }]);
  },
);

inBrowser('one sees the channel as the person one chose, with what only that person is shown', async () => {
  const { fake, tab } = await opened();
  const place = { channel: 'C0SHOP', thread: null, at: Date.now(), blocks: [] };
  fake.workspace.whispers.push({ ...place, to: 'U0BOB', text: 'only for bob' });
  await tab.getByLabel('Message', { exact: true }).fill('hello');
  await tab.getByRole('button', { name: 'Send' }).click();
  await tab.getByText('hello', { exact: true }).waitFor();
  expect(await tab.getByText('only for bob').count()).toBe(0);
  await tab.getByLabel('You are').selectOption({ label: 'bob' });
  await tab.getByText('only for bob').waitFor();
  expect(fake.workspace.messages).toMatchObject([{ by: 'U0ALICE', text: 'hello' }]);
});
