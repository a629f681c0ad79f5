import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serve } from '#server/main.ts';
import { startFakeSlack } from '#tests/fakes/slack/fake-slack.ts';

const TOKEN = 'token-of-the-bench';
const LONGEST_MS = 5_000;

/** Pages of `asked` different services, one after the other, each until its card stands in the channel. */
export async function measureCards(asked: number): Promise<{ asked: number; tookMs: number[] }> {
  const dir = mkdtempSync(join(tmpdir(), 'firebreak-bench-'));
  const slack = await startFakeSlack({
    users: [{ id: 'U0ALICE', name: 'alice' }],
    channels: [{ id: 'C0SHOP', name: 'shop' }],
  });
  const names = Array.from({ length: asked }, (_, n) => `service-${n + 1}`);
  const configPath = writeConfig(dir, names, slack);
  const server = await serve({ configPath, dataDir: join(dir, 'data'), version: '0.0.0' });
  try {
    const tookMs: number[] = [];
    for (const service of names) {
      const took = await oneCard(server.url, service, () =>
        JSON.stringify(slack.workspace.messages).includes(service),
      );
      if (took !== undefined) tookMs.push(took);
    }
    return { asked, tookMs };
  } finally {
    await server.stop();
    await slack.close();
    rmSync(dir, { recursive: true, force: true });
  }
}

async function oneCard(url: string, service: string, isThere: () => boolean): Promise<number | undefined> {
  const began = performance.now();
  const answer = await fetch(`${url}/v1/alerts/generic`, {
    method: 'POST',
    headers: { authorization: `Bearer ${TOKEN}` },
    body: JSON.stringify({ name: 'HighErrorRate', service, severity: 'critical' }),
  });
  if (answer.status !== 202) return undefined;
  while (performance.now() - began < LONGEST_MS) {
    if (isThere()) return performance.now() - began;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return undefined;
}

function writeConfig(
  dir: string,
  services: readonly string[],
  { apiUrl, botToken, appToken }: { apiUrl: string; botToken: string; appToken: string },
): string {
  const secret = (name: string, value: string): string => {
    writeFileSync(join(dir, name), value, { mode: 0o600 });
    return `"file:./${name}"`;
  };
  const path = join(dir, 'firebreak.yaml');
  writeFileSync(
    path,
    `listen: {host: 127.0.0.1, port: 0}
default_owner: team-shop
teams: [{id: team-shop, name: Shop}]
sources: {generic: {kind: generic, token: ${secret('page', TOKEN)}}}
slack: {team: T0FAKE, app: A0FAKE, bot_token: ${secret('bot', botToken)}, app_token: ${secret('app', appToken)}, default_channel: C0SHOP, api_url: "${apiUrl}"}
services:
${services.map((id) => `  - {id: ${id}}`).join('\n')}
`,
  );
  return path;
}
