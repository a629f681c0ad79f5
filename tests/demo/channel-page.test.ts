import { request } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { startPage } from '#demo/slack-fake/page-server.ts';
import { type FakeSlack, startFakeSlack } from '../fakes/slack/fake-slack.ts';

async function aChannel(): Promise<{ fake: FakeSlack; url: string; sent: unknown[] }> {
  const fake = await startFakeSlack({
    users: [
      { id: 'U0ALICE', name: 'alice' },
      { id: 'U0GUEST', name: 'guest', guest: true },
    ],
    channels: [{ id: 'C0SHOP', name: 'shop' }],
  });
  onTestFinished(() => fake.close());
  const sent: unknown[] = [];
  const note = (name: string) => async (what: unknown) => {
    sent.push([name, what]);
    return { kind: 'acknowledged' } as const;
  };
  const people = {
    ...{
      say: note('say'),
      command: note('command'),
      click: note('click'),
      clickWhisper: note('clickWhisper'),
    },
    ...{ submit: note('submit'), dismiss: () => void sent.push(['dismiss']), openHome: note('openHome') },
  };
  const page = await startPage({ workspace: fake.workspace, people, first: 'U0ALICE' });
  onTestFinished(() => page.close());
  return { fake, url: page.url, sent };
}

const json = { 'content-type': 'application/json' };
const act = (url: string, body: unknown, headers: Record<string, string> = json) =>
  fetch(`${url}act`, {
    method: 'POST',
    headers,
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
const hello = { act: 'say', you: 'U0ALICE', channel: 'C0SHOP', thread: null, text: 'hello' };

test('nothing but the page itself may act: other origins, names and kinds of bodies are refused', async () => {
  const { url, sent } = await aChannel();
  expect((await act(url, hello, { ...json, origin: 'http://evil.example' })).status).toBe(403);
  expect((await act(url, hello, { 'content-type': 'text/plain' })).status).toBe(404);
  expect((await act(url, { ...hello, you: 'U0FIREBREAK' })).status).toBe(403);
  expect((await act(url, { ...hello, you: 'U0NOBODY' })).status).toBe(403);
  expect((await act(url, { ...hello, more: 1 })).status).toBe(400);
  expect((await act(url, '{')).status).toBe(400);
  expect((await act(url, { ...hello, text: 'x'.repeat(30_000) })).status).toBe(413);
  expect(await statusAs(url, 'evil.example:80')).toBe(403);
  expect(sent).toEqual([]);
  expect((await act(url, hello, { ...json, origin: new URL(url).origin })).status).toBe(200);
  expect(sent).toEqual([['say', { user: 'U0ALICE', channel: 'C0SHOP', text: 'hello' }]]);
});

/** As a browser asks that was led here under another name. */
function statusAs(url: string, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = request(new URL('state', url), { headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    asked.once('error', reject).end();
  });
}

test('the page may load nothing from elsewhere and run nothing but its own script', async () => {
  const { url } = await aChannel();
  const page = await fetch(url);
  expect(page.headers.get('content-security-policy')).toContain("default-src 'none'; script-src 'self'");
  expect(await page.text()).not.toMatch(/https?:|style=|onclick|<script>/);
  for (const path of ['page.js', 'draw.js', 'page.css'])
    expect((await fetch(`${url}${path}`)).status).toBe(200);
  for (const path of ['../run.ts', 'page-server.ts', '%2e%2e/run.ts', 'file/x'])
    expect((await fetch(`${url}${path}`)).status).toBe(404);
});

const State = z.object({
  channels: z.array(z.object({ id: z.string() })),
  messages: z.array(z.object({ blocks: z.array(z.object({ t: z.string() })) })),
  whispers: z.array(z.unknown()),
});

test('one sees the channels one is in, and what is for others is not sent', async () => {
  const { fake, url } = await aChannel();
  fake.workspace.whispers.push({
    channel: 'C0SHOP',
    thread: null,
    to: 'U0ALICE',
    text: 'for alice',
    blocks: [],
    at: 1,
  });
  await fake.people.say({ user: 'U0ALICE', channel: 'C0SHOP', text: 'hello' });
  const seen = async (you: string) => State.parse(await (await fetch(`${url}state?you=${you}`)).json());
  expect(await seen('U0ALICE')).toMatchObject({ messages: [{ blocks: [{ t: 'text' }] }], whispers: [{}] });
  expect(await seen('U0GUEST')).toMatchObject({ channels: [], messages: [], whispers: [] });
});

test('a page that has everything is told so in no bytes', async () => {
  const { fake, url } = await aChannel();
  const first = await fetch(`${url}state?you=U0ALICE`);
  const version = first.headers.get('x-version') ?? '';
  expect((await fetch(`${url}state?you=U0ALICE&version=${version}`)).status).toBe(204);
  await fake.people.say({ user: 'U0ALICE', channel: 'C0SHOP', text: 'news' });
  expect((await fetch(`${url}state?you=U0ALICE&version=${version}`)).status).toBe(200);
});

test('what begins with /firebreak is the command outside of threads, as in Slack', async () => {
  const { url, sent } = await aChannel();
  await act(url, { ...hello, text: '/firebreak status' });
  await act(url, { ...hello, text: '/firebreak' });
  await act(url, { ...hello, text: '/firebreaks' });
  await act(url, { ...hello, text: '/firebreak off', thread: '1.2' });
  expect(sent).toEqual([
    ['command', { user: 'U0ALICE', channel: 'C0SHOP', text: 'status' }],
    ['command', { user: 'U0ALICE', channel: 'C0SHOP', text: '' }],
    ['say', { user: 'U0ALICE', channel: 'C0SHOP', text: '/firebreaks' }],
    ['say', { user: 'U0ALICE', channel: 'C0SHOP', text: '/firebreak off', thread: '1.2' }],
  ]);
});

test('a picture is sent as PNG, any other file only as a download', async () => {
  const { fake, url } = await aChannel();
  const file = (id: string, bytes: string) => ({
    id,
    title: id,
    alt: '',
    bytes: Buffer.from(bytes, 'latin1'),
  });
  fake.workspace.messages.push({
    ...{ channel: 'C0SHOP', ts: '1.1', thread: null, by: 'U0FIREBREAK', metadata: null, at: 1, text: '' },
    ...{ blocks: [], versions: [], deleted: false, files: [file('F1', '\x89PNG'), file('F2', '<script>')] },
  });
  expect((await fetch(`${url}file/F1`)).headers.get('content-type')).toBe('image/png');
  const other = await fetch(`${url}file/F2`);
  expect(other.headers.get('content-type')).toContain('text/plain');
  expect(other.headers.get('content-disposition')).toBe('attachment');
});
