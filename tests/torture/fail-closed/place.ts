import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { type Disk, realDisk } from '#audit/disk.ts';
import type { EntryDraft } from '#audit/log.ts';
import { type Clock, realClock } from '#core/clock.ts';
import { sha256 } from '#core/hash.ts';
import type { Digest } from '#core/ids.ts';
import { type Running, serve } from '#server/main.ts';
import { type FakeSlack, startFakeSlack } from '../../fakes/slack/fake-slack.ts';
import { APPROVAL, seed } from './seed.ts';
import { ACTOR, READER, type Supervisor, startSupervisor } from './supervisor.ts';

const [PERSON, PAGER] = ['fbk_the-token-of-alice', 'fbk_the-token-of-the-pager'];

/** A server with a restart that waits for a yes, in a folder of its own, and what can be broken around it. */
export type Place = {
  readonly supervisor: Supervisor;
  readonly configPath: string;
  readonly actToken: string;
  /** Pid of the process that makes changes; undefined where it cannot be found out. */
  readonly executor: number | undefined;
  /** From now on every write and sync of the log fails with this code. */
  breakDisk(code: string): void;
  /** A stand-in that the server talks to; undefined where there is none. */
  readonly slack: FakeSlack | undefined;
  /** The wall clock jumps. */
  jump(ms: number): void;
  /** HTTP status of the yes; 0 for none. */
  approve(): Promise<number>;
  /** HTTP status of a page; 0 for none. */
  page(): Promise<number>;
  /** Why changes are held back, by status and by health, how Slack is by both, and how the approval stands. */
  named(): Promise<{ status: readonly string[]; health: string; slack: string; approval: string }>;
  stop(): Promise<void>;
  start(): Promise<void>;
  /** Stops everything and removes the folder. */
  close(): Promise<void>;
};

const Status = z.object({
  holds: z.array(z.object({ reason: z.string(), detail: z.string().nullable() })),
  slackFailing: z.object({ why: z.string() }).nullable(),
});
const Health = z.object({ checks: z.object({ changes: z.string(), slack: z.string() }) });
const Asked = z.object({ approval: z.object({ state: z.string(), reason: z.string().nullable() }) });

export async function aPlace(
  more: readonly EntryDraft[] = [],
  { withSlack = false }: { withSlack?: boolean } = {},
): Promise<Place> {
  const dir = mkdtempSync(join(tmpdir(), 'firebreak-closed-'));
  const supervisor = await startSupervisor();
  const slack = withSlack ? await startFakeSlack(WORKSPACE) : undefined;
  const { configPath, actToken } = writeConfig(dir, supervisor.url, slack);
  const dataDir = join(dir, 'data');
  const hash = await seed(dataDir, more);
  const broken: { code: string | undefined; wall: number } = { code: undefined, wall: 0 };
  const clock: Clock = { ...realClock, now: () => realClock.now() + broken.wall };
  const options = { configPath, dataDir, version: '0.0.0', clock, disk: breakable(broken) };
  const before = new Set(childrenOfThis());
  let running: Running | undefined = await serve(options);
  const executor = childrenOfThis().find((pid) => !before.has(pid));
  const stop = async (): Promise<void> => {
    const stopping = running;
    running = undefined;
    await stopping?.stop();
  };
  return {
    ...{ supervisor, configPath, actToken, executor, slack, stop },
    breakDisk: (code) => {
      broken.code = code;
    },
    jump: (ms) => {
      broken.wall += ms;
    },
    ...client(() => running?.url, hash),
    start: async () => {
      running = await serve(options);
    },
    close: async () => {
      broken.code = undefined;
      await stop().catch(() => {});
      supervisor.close();
      await slack?.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** What people, pagers and health checks ask; a server that is not there answers 0. */
function client(url: () => string | undefined, hash: Digest): Pick<Place, 'approve' | 'page' | 'named'> {
  const ask = async (
    path: string,
    token: string,
    body?: object,
  ): Promise<{ status: number; json: unknown }> => {
    const to = url();
    if (to === undefined) return { status: 0, json: null };
    const headers = { authorization: `Bearer ${token}` };
    const post = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
    const answer = await fetch(`${to}${path}`, { headers, ...post });
    // Whoever asks all the time is told to wait a second.
    if (answer.status !== 429) return { status: answer.status, json: await answer.json() };
    await realClock.sleep(1000);
    return ask(path, token, body);
  };
  return {
    approve: async () =>
      (await ask(`/v1/approvals/${APPROVAL}`, PERSON, { decision: 'approve', hash })).status,
    page: async () => {
      const page = { name: 'Other', service: 'checkout', severity: 'error', status: 'firing' };
      return (await ask('/v1/alerts/pager', PAGER, page)).status;
    },
    named: async () => {
      const { holds, slackFailing } = Status.parse((await ask('/v1/status', PERSON)).json);
      const { checks } = Health.parse((await ask('/readyz', '')).json);
      const { approval } = Asked.parse((await ask(`/v1/approvals/${APPROVAL}`, PERSON)).json);
      const status = holds.map(({ reason, detail }) => `${reason} ${detail ?? ''}`.trim());
      return {
        status,
        health: checks.changes,
        slack: `${checks.slack}${slackFailing === null ? '' : `: ${slackFailing.why}`}`,
        approval: `${approval.state} ${approval.reason ?? ''}`.trim(),
      };
    },
  };
}

function writeConfig(
  dir: string,
  supervisor: string,
  slack: FakeSlack | undefined,
): { configPath: string; actToken: string } {
  const [configPath, actToken] = [join(dir, 'firebreak.yaml'), join(dir, 'act.token')];
  const secret = (path: string, value: string): void => writeFileSync(path, `${value}\n`, { mode: 0o600 });
  secret(actToken, ACTOR);
  secret(join(dir, 'reader.token'), READER);
  secret(join(dir, 'pager.token'), PAGER);
  writeFileSync(
    configPath,
    `listen: {host: 127.0.0.1, port: 0}
default_owner: team-shop
teams: [{id: team-shop, name: Shop}]
people: [{id: alice, name: Alice, token: "sha256:${sha256(PERSON)}", roles: [responder, approver, owner], teams: [team-shop]${slack === undefined ? '' : ', slack: {user: U0ALICE}'}}]
sources: {pager: {kind: generic, token: "file:./pager.token"}}
workloads: {shop: {kind: process, url: "${supervisor}", token: "file:./reader.token", act_token: "file:./act.token"}}
services: [{id: checkout, mode: act, max_replicas: 4, workload: {driver: shop, name: checkout}}]
policy: {rules: [{tools: [service_restart], environments: [prod], services: ["*"], answer: ask}]}
${slack === undefined ? '' : slackConfig(slack, secret, dir)}`,
  );
  return { configPath, actToken };
}

const WORKSPACE = {
  users: [{ id: 'U0ALICE', name: 'alice' }],
  channels: [{ id: 'C0SHOP', name: 'shop' }],
};

function slackConfig(
  { workspace, apiUrl, botToken, appToken }: FakeSlack,
  secret: (path: string, value: string) => void,
  dir: string,
): string {
  secret(join(dir, 'bot.token'), botToken);
  secret(join(dir, 'app.token'), appToken);
  const tokens = 'bot_token: "file:./bot.token", app_token: "file:./app.token"';
  return `slack: {team: ${workspace.team}, app: ${workspace.app}, ${tokens}, default_channel: C0SHOP, api_url: "${apiUrl}"}\n`;
}

function breakable(broken: { readonly code: string | undefined }): Disk {
  const trouble = (): void => {
    if (broken.code !== undefined) throw Object.assign(new Error('the disk fails'), { code: broken.code });
  };
  return {
    write: (fd, bytes, at) => {
      trouble();
      realDisk.write(fd, bytes, at);
    },
    sync: (fd) => {
      trouble();
      realDisk.sync(fd);
    },
    writeLater: async (fd, bytes, at) => {
      trouble();
      await realDisk.writeLater(fd, bytes, at);
    },
    syncLater: async (fd) => {
      trouble();
      await realDisk.syncLater(fd);
    },
  };
}

/** Processes that this one started; none where the system does not say. */
function childrenOfThis(): number[] {
  try {
    return readdirSync('/proc/self/task').flatMap((task) =>
      readFileSync(`/proc/self/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
    );
  } catch {
    return [];
  }
}
