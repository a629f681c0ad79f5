import { mkdirSync } from 'node:fs';
import type { Browser, Page as Tab } from 'playwright-core';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { startPage } from '#demo/slack-fake/page-server.ts';
import { type InSlack, inSlack } from '../journeys/slack.ts';
import { aBrowser, chromiumPath } from './a-browser.ts';

let browser: Browser | undefined;
beforeAll(async () => {
  if (chromiumPath === undefined) return console.log('skipped: there is no chromium on this machine');
  browser = await aBrowser();
  mkdirSync('results/browser', { recursive: true });
});
afterAll(async () => browser?.close());
const inBrowser = test.skipIf(chromiumPath === undefined);

/** A bad deploy up to the question, with the page open on a phone. */
async function asked(): Promise<{ on: InSlack; tab: Tab }> {
  if (browser === undefined) throw new Error('there is no browser');
  const on = await inSlack();
  const { run, fake, users } = on;
  const page = await startPage({ workspace: fake.workspace, people: fake.people, first: users.alice });
  onTestFinished(() => page.close());
  const tab = await browser.newPage({ viewport: { width: 390, height: 844 } });
  tab.setDefaultTimeout(15_000);
  onTestFinished(() => tab.close());
  await tab.goto(page.url);
  await run.clock.advance(20 * 60_000);
  run.shop.inject('bad-deploy', 'checkout');
  await run.clock.advance(10_000);
  await run.page();
  await on.until(() => on.thread().some((words) => words.includes('decision:approve')));
  await on.pass(3_000);
  return { on, tab };
}

inBrowser('approving in the page resolves the incident, and the page shows it', async () => {
  const { on, tab } = await asked();
  await tab.getByRole('img').waitFor();
  await tab.getByRole('button', { name: 'Approve' }).click();
  await on.until(() => on.run.incident().resolved !== null);
  await on.pass(5_000);
  await tab.getByText('done and verified').first().waitFor();
  expect(on.run.incident().resolved?.resolution).toBe('recovered');
  expect(await tab.getByRole('button', { name: 'Approve' }).count()).toBe(0);
  await tab.screenshot({ path: 'results/browser/resolved-390.png' });
});

inBrowser(
  'a click that comes too late, after a restart, is answered with what happened and does nothing',
  async () => {
    const { on, tab } = await asked();
    const approve = tab.getByRole('button', { name: 'Approve' });
    await approve.waitFor();
    // The card cannot be edited, so it goes on to show its buttons.
    on.fake.faults.add('chat.update', { kind: 'error', error: 'cant_update_message' }, 1000);
    await on.run.decide('deny');
    await on.pass(3_000);
    const later = await on.restart();
    await approve.click();
    await later.until(() => later.told() !== '');
    await tab
      .getByText(/denied by Alice/)
      .first()
      .waitFor();
    expect(later.told()).toContain('Nothing was done now.');
    expect(later.run.shop.applied).toEqual([]);
  },
);
