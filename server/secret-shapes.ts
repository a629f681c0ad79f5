import type { Secret } from '#core/secret.ts';
import { type Group, group, list } from './config-shape.ts';
import type { Path, Problem } from './config-yaml.ts';
import { isLoopback } from './loopback.ts';

/** What the credentials of each service look like, and in words of people. */
type Shape = { readonly pattern: RegExp; readonly says: string };

const PAGERDUTY: Shape = {
  pattern: /^(?:[\w+-]{20}|pd(?:us|eu)\+[\w-]{16,80})$/,
  says: 'is not a key of PagerDuty’s REST API: one has 20 characters, or begins with pdus+ or pdeu+',
};
const ROUTING: Shape = {
  pattern: /^[A-Za-z0-9]{32}$/,
  says: 'is not a routing key of PagerDuty: one has 32 letters and digits',
};
const BOT: Shape = {
  pattern: /^xoxb-[\w-]{10,500}$/,
  says: 'is not a bot token of Slack: one begins with xoxb-',
};
const APP: Shape = {
  pattern: /^xapp-[\w-]{10,500}$/,
  says: 'is not an app token of Slack: one begins with xapp-',
};
const SIGNING: Shape = {
  pattern: /^[0-9a-f]{32}$/,
  says: 'is not a signing secret of Slack: one has 32 digits and letters a to f',
};
const GITHUB: Shape = {
  pattern: /^(?:gh[pousr]_[A-Za-z0-9_.-]{20,500}|github_pat_\w{20,255})$/,
  says: 'is not a token of GitHub: one begins with ghp_, ghs_ or github_pat_',
};
const MODELS: ReadonlyMap<unknown, Shape> = new Map([
  [
    'anthropic',
    {
      pattern: /^sk-ant-[\w-]{16,500}$/,
      says: 'is not a key of Anthropic: one begins with sk-ant-',
    },
  ],
  ['openai', { pattern: /^sk-(?!ant-)[\w-]{16,500}$/, says: 'is not a key of OpenAI: one begins with sk-' }],
]);

/** A reference, what it must look like, and where it is sent. */
type Use = { readonly path: Path; readonly ref: unknown; readonly shape: Shape; readonly to: unknown };

/**
 * Credentials of a known service that do not look like one, read from the file as it was written; never with the value.
 * What goes to this machine only, such as a stand-in of a test, may look like anything, but for the keys of models: a
 * gateway on this machine passes them on. `secretOf` gives what a
 * reference leads to, undefined where that is reported elsewhere.
 */
export function shapeProblems(file: unknown, secretOf: (ref: string) => Secret | undefined): Problem[] {
  return usesOf(group(file)).flatMap(({ path, ref, shape, to }) => {
    const value = typeof ref === 'string' ? secretOf(ref)?.ifUsable() : undefined;
    if (value === undefined || isHere(to)) return [];
    const problem = isPrintable(value) ? (shape.pattern.test(value) ? undefined : shape.says) : UNPRINTABLE;
    return problem === undefined ? [] : [{ path, message: `what ${String(ref)} holds ${problem}` }];
  });
}

function usesOf(root: Group): Use[] {
  const { slack, pagerduty, github } = {
    slack: group(root.slack),
    pagerduty: group(root.pagerduty),
    github: group(root.github),
  };
  const events = group(pagerduty.events);
  const signing = slack.signing_secret;
  return [
    { path: ['slack', 'bot_token'], ref: slack.bot_token, shape: BOT, to: slack.api_url },
    { path: ['slack', 'app_token'], ref: slack.app_token, shape: APP, to: slack.api_url },
    { path: ['slack', 'signing_secret'], ref: signing, shape: SIGNING, to: slack.api_url },
    ...list(signing).map((ref, at): Use => {
      return { path: ['slack', 'signing_secret', at], ref, shape: SIGNING, to: slack.api_url };
    }),
    { path: ['pagerduty', 'token'], ref: pagerduty.token, shape: PAGERDUTY, to: pagerduty.api },
    { path: ['pagerduty', 'events', 'routing_key'], ref: events.routing_key, shape: ROUTING, to: events.url },
    { path: ['github', 'token'], ref: github.token, shape: GITHUB, to: github.url },
    ...Object.entries(group(root.sources)).flatMap(([name, source]): Use[] => {
      const { kind, poll } = group(source);
      const { token, url } = group(poll);
      if (kind !== 'pagerduty') return [];
      return [{ path: ['sources', name, 'poll', 'token'], ref: token, shape: PAGERDUTY, to: url }];
    }),
    ...Object.entries(group(group(root.models).providers)).flatMap(([name, provider]): Use[] => {
      const { kind, key } = group(provider);
      return [
        {
          path: ['models', 'providers', name, 'key'],
          ref: key,
          shape: MODELS.get(kind) ?? ANY,
          to: undefined,
        },
      ];
    }),
  ];
}

const ANY: Shape = { pattern: /^/, says: '' };
const UNPRINTABLE = 'holds white space or characters that no key has';
const isPrintable = (value: string): boolean => /^[\x21-\x7e]{1,600}$/.test(value);

function isHere(address: unknown): boolean {
  const url = typeof address === 'string' ? URL.parse(address) : null;
  return url !== null && isLoopback(url.hostname.replace(/^\[|\]$/g, ''));
}

/** What is wrong with the key of a model provider by its looks, without showing any of it; undefined when it may be one. */
export function keyProblem(kind: unknown, key: Secret): string | undefined {
  const text = key.reveal();
  if (!isPrintable(text)) return UNPRINTABLE;
  const shape = MODELS.get(kind) ?? ANY;
  return shape.pattern.test(text) ? undefined : shape.says;
}
