import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { realClock } from '#core/clock.ts';
import { FirebreakError } from '#core/errors.ts';
import { startPage } from './page-server.ts';

/** A stand-in for Slack with a page to look at it. */
export type DemoSlack = {
  /** Where the page is. */
  readonly url: string;
  /** The `slack` part of a config that talks to it. */
  readonly config: string;
  /** Accounts of the people of that config. */
  readonly accounts: { readonly approver: string; readonly colleague: string; readonly onlooker: string };
  /** Clicks on the approval card as the approver, as soon as it is there; gives what went wrong, or nothing. */
  click(approval: string, decision: 'approve' | 'deny'): Promise<string>;
  stop(): Promise<void>;
};

const TEAM = 'T0DEMO';
const APP = 'A0DEMO';
const CHANNEL = { id: 'C0SHOP', name: 'team-shop' };
const accounts = { approver: 'U0APPROVER', colleague: 'U0COLLEAGUE', onlooker: 'U0ONLOOKER' };
/** Somebody whom the config does not know. */
const STRANGER = { id: 'U0STRANGER', name: 'stranger (not in the config)' };
/** A card is there long before this. */
const CARD_MS = 20_000;

/** Starts both on loopback; `dir` takes the secret files. Stop it. */
export async function startDemoSlack(dir: string, approverName: string): Promise<DemoSlack> {
  const { startFakeSlack } = await import('#tests/fakes/slack/fake-slack.ts');
  const fake = await startFakeSlack({
    team: TEAM,
    app: APP,
    users: [
      { id: accounts.approver, name: approverName },
      { id: accounts.colleague, name: 'colleague (responder, approver)' },
      { id: accounts.onlooker, name: 'onlooker (may only look)' },
      STRANGER,
    ],
    channels: [CHANNEL],
  });
  const { workspace, people } = fake;
  const page = await startPage({ workspace, people, first: accounts.approver });
  const secret = (name: string, value: string): string => {
    const path = join(dir, name);
    writeFileSync(path, `${value}\n`, { mode: 0o600 });
    chmodSync(path, 0o600);
    return path;
  };
  return {
    url: page.url,
    config: `slack:
  team: ${TEAM}
  app: ${APP}
  mode: socket
  bot_token: "file:${secret('slack-bot.token', fake.botToken)}"
  app_token: "file:${secret('slack-app.token', fake.appToken)}"
  default_channel: ${CHANNEL.id}
  api_url: "${fake.apiUrl}"
`,
    accounts,
    click: async (approval, decision) => {
      const action = `decision:${decision}`;
      const card = () => cardOf(workspace.messages, approval, action);
      for (const until = realClock.now() + CARD_MS; card() === undefined; await realClock.sleep(50))
        if (realClock.now() > until) return `no card of ${approval} with a button came`;
      const found = card();
      if (found === undefined) throw new FirebreakError('bug', 'a card that was there is gone');
      const { channel, ts } = found;
      const told = await people.click({ user: accounts.approver, channel, ts, action });
      return told.kind === 'acknowledged' ? '' : told.why;
    },
    stop: async () => {
      await page.close();
      await fake.close();
    },
  };
}

type Posted = { readonly channel: string; readonly ts: string; readonly blocks: readonly object[] };

function cardOf(messages: readonly Posted[], approval: string, action: string): Posted | undefined {
  return messages.findLast(({ blocks }) => {
    const text = JSON.stringify(blocks);
    return text.includes(`"${action}"`) && text.includes(`\\"approval\\":\\"${approval}\\"`);
  });
}
