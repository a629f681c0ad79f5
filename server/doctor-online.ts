import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { parseJson } from '#core/canonical.ts';
import type { Clock } from '#core/clock.ts';
import { type EgressRule, originOf, SLACK } from '#core/egress/rules.ts';
import { createEgress } from '#core/egress.ts';
import { messageOf } from '#core/errors.ts';
import type { Secret } from '#core/secret.ts';
import { known, type RightsFact } from '#doctor/facts.ts';
import addresses from './addresses.json' with { type: 'json' };
import type { Config } from './config-build.ts';
import type { OnlineRights } from './doctor-facts.ts';

export type OnlineAsk = {
  readonly rule: EgressRule;
  readonly url: string;
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: object;
  /** File with the certificates that alone are believed there; left out = those of the system. */
  readonly ca?: string;
};
export type OnlineAnswer = {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  readonly text: string;
};
/** Asks one address; rejects where there is no answer. */
export type AskOnline = (ask: OnlineAsk) => Promise<OnlineAnswer>;

const ANSWER_MS = 10_000;

/** The way out of a process: each address by a rule of its own, with a limit on time and size. */
export function onlineAsker(clock: Clock): AskOnline {
  return async ({ rule, url, method, headers, body, ca }) => {
    const late = new AbortController();
    const cancel = clock.after(ANSWER_MS, () =>
      late.abort(new Error(`no answer within ${ANSWER_MS / 1000} s`)),
    );
    try {
      const { fetch: send } = createEgress({
        ...{ rules: [rule], clock, maxBytes: 1024 * 1024 },
        ...(ca !== undefined && { ca: readFileSync(ca, 'utf8') }),
      });
      const init = { method, headers, signal: late.signal, redirect: 'error' as const };
      const answer = await send(url, body === undefined ? init : { ...init, body: JSON.stringify(body) });
      return { status: answer.status, headers: answer.headers, text: await answer.text() };
    } finally {
      cancel();
    }
  };
}

/** What the credentials of the config may do in other systems, as those say themselves. Never throws. */
export async function rightsOnline(config: Config, ask: AskOnline): Promise<OnlineRights> {
  const [slack, github, pagerduty, kubernetes] = await Promise.all([
    config.slack && slackRights(config.slack, ask),
    config.github && githubRights(config.github, ask),
    config.pagerduty && pagerdutyRights(config.pagerduty, ask),
    Promise.all([...config.clusters.keys()].map((id) => clusterRights(config, id, ask))),
  ]);
  return {
    slack: known(slack),
    github: known(github),
    pagerduty: known(pagerduty),
    kubernetes: known(kubernetes),
  };
}

type Judged = Pick<RightsFact, 'surplus' | 'missing'>;

/** Asks, and has the answer judged; what goes wrong is what there is to say. */
async function rights(
  name: string,
  answer: () => Promise<OnlineAnswer>,
  judge: (answer: OnlineAnswer) => Judged | string,
): Promise<RightsFact> {
  const none = { name, surplus: [], missing: [] };
  try {
    const got = await answer();
    if (got.status >= 400) return { ...none, problem: `it answered ${got.status}` };
    const judged = judge(got);
    return typeof judged === 'string' ? { ...none, problem: judged } : { name, problem: null, ...judged };
  } catch (error) {
    return { ...none, problem: messageOf(error) };
  }
}

const bearer = (token: Secret) => ({ authorization: `Bearer ${token.reveal()}` });

/** The scopes of the app as docs/people.md lists them. */
export const SLACK_SCOPES: readonly string[] = [
  ...['chat:write', 'channels:read', 'groups:read', 'users:read', 'files:write'],
  ...['channels:history', 'groups:history', 'im:history', 'commands'],
];
const SlackSays = z.object({ ok: z.boolean(), error: z.string().optional() });

function slackRights(
  { apiUrl, botToken }: NonNullable<Config['slack']>,
  ask: AskOnline,
): Promise<RightsFact> {
  const url = `${apiUrl ?? addresses.slack}auth.test`;
  const rule = apiUrl === null ? SLACK : originOf(apiUrl);
  const answer = async () => ask({ rule, url, method: 'POST', headers: bearer(botToken) });
  return rights('the bot', answer, ({ text, headers }) => {
    const says = SlackSays.safeParse(jsonIn(text)).data;
    if (says?.ok !== true) return `it says ${says?.error ?? 'nothing that can be read'}`;
    const granted = listIn(headers.get('x-oauth-scopes'));
    return {
      surplus: granted.filter((scope) => !SLACK_SCOPES.includes(scope)),
      missing: granted.length === 0 ? [] : SLACK_SCOPES.filter((scope) => !granted.includes(scope)),
    };
  });
}

/** Of a token that is limited to repositories GitHub does not say what it may. */
function githubRights({ url, token }: NonNullable<Config['github']>, ask: AskOnline): Promise<RightsFact> {
  const address = `${url.replace(/\/$/, '')}/rate_limit`;
  const plain = { 'user-agent': 'firebreak', accept: 'application/vnd.github+json' };
  const answer = async () =>
    ask({ rule: originOf(url), url: address, method: 'GET', headers: { ...bearer(token), ...plain } });
  return rights('the token', answer, (got) => ({
    surplus: listIn(got.headers.get('x-oauth-scopes')).filter((scope) => !scope.startsWith('read:')),
    missing: [],
  }));
}

function pagerdutyRights(
  { api, token }: NonNullable<Config['pagerduty']>,
  ask: AskOnline,
): Promise<RightsFact> {
  const url = `${api.replace(/\/$/, '')}/abilities`;
  const accept = 'application/vnd.pagerduty+json;version=2';
  const answer = async () => {
    const headers = { authorization: `Token token=${token.reveal()}`, accept };
    return ask({ rule: originOf(api), url, method: 'GET', headers });
  };
  return rights('the token', answer, () => ({ surplus: [], missing: [] }));
}

const Rule = z.object({
  verbs: z.array(z.string()),
  apiGroups: z.array(z.string()).default([]),
  resources: z.array(z.string()).default([]),
});
type Rule = z.infer<typeof Rule>;
const RulesReview = z.object({ status: z.object({ resourceRules: z.array(Rule) }) });

async function clusterRights(config: Config, id: string, ask: AskOnline): Promise<RightsFact> {
  const cluster = config.clusters.get(id);
  if (cluster === undefined)
    return { name: id, problem: 'it is not in the config', surplus: [], missing: [] };
  const url = `${cluster.url.replace(/\/$/, '')}/apis/authorization.k8s.io/v1/selfsubjectrulesreviews`;
  const surplus = new Set<string>();
  for (const namespace of namespacesOf(config, id)) {
    const body = {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectRulesReview',
      spec: { namespace },
    };
    const answer = async () => {
      const headers = { ...bearer(cluster.token), 'content-type': 'application/json' };
      const trust = cluster.ca !== null && url.startsWith('https:') ? { ca: cluster.ca } : {};
      return ask({ rule: originOf(cluster.url), url, method: 'POST', headers, body, ...trust });
    };
    const one = await rights(id, answer, ({ text }) => {
      const review = RulesReview.safeParse(jsonIn(text)).data;
      if (review === undefined) return 'it answered with something else';
      return { surplus: review.status.resourceRules.flatMap(beyondReading), missing: [] };
    });
    if (one.problem !== null) return one;
    for (const right of one.surplus) surplus.add(`${right} in ${namespace}`);
  }
  return { name: id, problem: null, surplus: [...surplus], missing: [] };
}

function namespacesOf({ inventory, workloads }: Config, cluster: string): string[] {
  const looked = [...inventory.services.values()].flatMap((one) =>
    one.cluster?.driver === cluster ? [one.cluster.namespace] : [],
  );
  const changed = [...workloads.values()].flatMap((one) =>
    one.kind === 'kubernetes' && one.actTokenFile === null ? [one.namespace] : [],
  );
  const all = new Set([...looked, ...changed]);
  // Rights in the whole cluster are seen from any of its namespaces.
  return all.size === 0 ? ['default'] : [...all];
}

const READS: ReadonlySet<string> = new Set(['get', 'list', 'watch']);
/** What everybody may ask about themselves. */
const SELF: ReadonlySet<string> = new Set([
  'selfsubjectaccessreviews',
  'selfsubjectrulesreviews',
  'selfsubjectreviews',
]);
/** To look at these is to run programs, or to reach what listens inside of the cluster. */
const REACHES_IN = /\/(exec|attach|portforward|proxy|\*)$/;
/** For dry runs, which change nothing; see docs/kubernetes.md. */
const DRY_RUN = { verb: 'patch', resources: new Set(['deployments', 'nodes']) };

/** Verbs on resources that the credential for reading is not for. */
export function beyondReading({ verbs, resources }: Rule): string[] {
  return resources.flatMap((resource) =>
    verbs.flatMap((verb) => {
      const isMore = resource === 'secrets' || resource === '*' || REACHES_IN.test(resource);
      if (READS.has(verb) && !isMore) return [];
      if (verb === 'create' && SELF.has(resource)) return [];
      if (verb === DRY_RUN.verb && DRY_RUN.resources.has(resource)) return [];
      return [`${verb} ${resource}`];
    }),
  );
}

function jsonIn(text: string): unknown {
  const json = parseJson(text, { floats: true, nodes: 50_000 });
  return json.kind === 'ok' ? json.value : undefined;
}

const listIn = (header: string | null): string[] =>
  (header ?? '')
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');
