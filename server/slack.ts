import type { Log } from '#audit/log.ts';
import type { Clean } from '#core/clean.ts';
import type { Clock, Random } from '#core/clock.ts';
import { messageOf } from '#core/errors.ts';
import type { QuietRules } from '#incidents/quiet.ts';
import { createSlackApp, type SlackApp } from '#slack/app.ts';
import type { SlackHealth } from '#slack/health.ts';
import type { Handlers } from '#slack/ports.ts';
import { type Contents, createContents, type Post } from '#tools/act/posts.ts';
import { incidentPng } from './api-picture.ts';
import { accountKey, type SlackSettings } from './config-slack.ts';
import { createAdmit } from './conversation/admit.ts';
import { createConversation } from './conversation.ts';
import { createDecisions } from './decisions.ts';
import type { Duty } from './duty.ts';
import type { Folds } from './folds.ts';
import { createForms } from './forms.ts';
import { createHome } from './home.ts';
import { createRequestLimits } from './http-limits.ts';
import { createPresent } from './present.ts';
import type { Firebreak } from './wire.ts';

/** Slack, before anybody listens to it: what posts are made through. */
export type OpenSlack = {
  readonly app: SlackApp;
  readonly post: Post;
  readonly contents: Contents;
};

export type OpenDeps = {
  readonly settings: SlackSettings;
  readonly clock: Clock;
  readonly random: Random;
  /** Takes secrets out of all that is said. */
  readonly clean: Clean;
  /** Told when Slack begins to fail, and when it works again. */
  readonly onHealth: (health: SlackHealth) => void;
  /** Something that came over the socket was not for us. */
  readonly onRefused: (reason: string) => void;
  readonly onError: (where: string, message: string) => void;
};

/** Loads Slack's library and makes ready to post; opens no connection. */
export async function openSlack(deps: OpenDeps): Promise<OpenSlack> {
  const { settings, clock, random, clean, onHealth, onRefused, onError } = deps;
  const app = await createSlackApp({
    ...settings,
    ...{ clock, random, clean, onHealth, onRefused },
    personOf: (team, user) => settings.people.get(accountKey(team, user)) ?? null,
    onError: (message, correlation) =>
      onError(correlation === null ? 'slack' : `slack ${correlation}`, message),
  });
  return { app, post: { send: app.send }, contents: createContents() };
}

export type RunDeps = {
  readonly open: OpenSlack;
  /** The workspace, as facts name it. */
  readonly team: string;
  readonly log: Log;
  readonly folds: Folds;
  readonly clock: Clock;
  readonly firebreak: Pick<Firebreak, 'gate' | 'carry' | 'recovered' | 'ask'>;
  readonly duty: Pick<Duty, 'channelFor' | 'mentionsFor' | 'decidersFor' | 'contactOf' | 'asks'>;
  /** Something besides Slack can reach people: a paging system, or a fallback. */
  readonly hasOtherWays: boolean;
  readonly defaultOwner: string;
  readonly quiet: QuietRules;
  /** What models may cost on one day, in millionths of a dollar; null: no model is configured. */
  readonly dayLimit: number | null;
  /** IANA name of the zone in which times read where Slack cannot write them. */
  readonly zone: string;
  /** The file that switches off stands in the data directory. */
  readonly offFile: () => boolean;
  readonly onError: (where: string, message: string) => void;
};

export type RunningSlack = {
  /** Resolves when nothing is being posted. */
  idle(): Promise<void>;
  stop(): Promise<void>;
};

/**
 * Follows the log into Slack and answers people there. Call it once what an earlier start left open has ended. Does not
 * wait for Slack, which may be down: the connection is made behind it.
 */
export function runSlack(deps: RunDeps): RunningSlack {
  const { open, log, folds, clock, firebreak, duty, zone, onError } = deps;
  const { people, inventory } = firebreak.gate;
  const { invoke } = firebreak.carry;
  const present = createPresent({
    ...{ log, folds, clock, zone, invoke, team: deps.team, contents: open.contents, onError },
    ...{ channelFor: duty.channelFor, mentionsFor: duty.mentionsFor, asks: duty.asks },
    ...{ decidersFor: duty.decidersFor, contactOf: duty.contactOf, hasOtherWays: deps.hasOtherWays },
    picture: async (id) => {
      const drawn = await incidentPng({ log, folds, zone }, id);
      return drawn.kind === 'picture' ? drawn : null;
    },
  });
  const { quiet, defaultOwner, offFile, dayLimit } = deps;
  const { move } = present;
  const admit = createAdmit({ limits: createRequestLimits({ fold: folds.personRequests, clock }), log });
  const handlers: Handlers = {
    ...createConversation({
      ...{ log, folds, people, inventory, defaultOwner, quiet, invoke, clock, zone, offFile, move, admit },
      ask: firebreak.ask,
      contactOf: duty.contactOf,
    }),
    ...createDecisions({ firebreak, zone, stops: folds.stops, admit }),
    ...createForms({ gate: firebreak.gate, zone }),
    ...createHome({ folds, people, clock, dayLimit, offFile, zone }),
  };
  present.start();
  void open.app.start(handlers).catch((error: unknown) => onError('slack', messageOf(error)));
  return {
    idle: () => present.idle(),
    stop: async () => {
      await open.app.stop();
      await present.close();
    },
  };
}
