import type { Digest } from '#core/ids.ts';
import { PEOPLE } from './example-people.ts';
import type { LocalFinds } from './local-finds.ts';

export type ExampleInput = {
  readonly environment: string;
  readonly team: { readonly id: string; readonly name: string };
  readonly person: { readonly id: string; readonly name: string; readonly tokenHash: Digest };
  /** File that holds the token of the Alertmanager, relative to the config. */
  readonly alertmanagerToken: string;
  readonly found: LocalFinds;
};

/** A complete config with every setting explained: `##` is prose, a line behind a single `#` is a setting to switch on. */
export function exampleConfig(input: ExampleInput): string {
  const parts = [
    head(input),
    sources(input),
    telemetry(input),
    LOOKS,
    SERVICES,
    PEOPLE,
    MODELS,
    POLICY,
    CARE,
  ];
  return parts.join('\n');
}

const q = (text: string): string => JSON.stringify(text);

function head({ environment, team, person }: ExampleInput): string {
  return `## Firebreak: who is on call, what runs, and what may be changed. Read at start only.
## Secrets are never written here: env:NAME, keychain:NAME, or file:/path (read by its owner alone).

## Where the server listens. This machine only. To be reached by others it needs one address of its own (host), the networks
## that this lies in (allow), and tls: {cert: FILE, key: FILE}, or proxies in front of it that take TLS off.
listen:
  host: 127.0.0.1
  port: 7411
#   allow: [10.0.0.0/8]
#   hosts: [firebreak.example.com]
#   trusted_proxies: [10.0.0.7/32]

## How long messages, prompts and results are kept after their incident was resolved: days, or forever. Then their key is
## destroyed; the entries that say who did what are never removed.
# retention: {payloads: 90d, entries: forever}

## Environment of every service that names none.
environment: ${q(environment)}

## Who owns an incident on a service that is not in this file.
default_owner: ${q(team.id)}
teams:
  - id: ${q(team.id)}
    name: ${q(team.name)}
##  Where its incidents are told, who is on duty, and who is asked next when nobody answers.
#     channel: C0123456789
#     rota: {people: [${q(person.id)}], first: 2026-01-05, handover: monday 09:00, every: 7d, zone: Europe/Berlin}
#     rungs: [{after: 5m, notify: team}]

## People and what they may do: viewer, responder (take an incident, switch everything off), approver (approve a
## change), owner (of the services of their teams), admin. Of a token only its SHA-256 is kept.
people:
  - id: ${q(person.id)}
    name: ${q(person.name)}
    token: "sha256:${person.tokenHash}"
    roles: [responder, approver, owner]
    teams: [${q(team.id)}]
#     slack: {user: U0123456789}
#     pagerduty: PUSER01
`;
}

function sources({ alertmanagerToken, found }: ExampleInput): string {
  const poll = `poll: {url: ${found.alertmanager ?? 'http://127.0.0.1:9093'}, every: 10s}`;
  return `## Who may send alerts, to POST /v1/alerts/NAME with this bearer token. With poll, an Alertmanager is asked as well.
sources:
  alertmanager:
    kind: alertmanager
    token: ${q(`file:${alertmanagerToken}`)}
${found.alertmanager === null ? '# ' : ''}    ${poll}
##  Anything else that can send JSON: {"name": ..., "service": ..., "severity": ..., "status": "firing"}
#   generic: {kind: generic, token: env:FIREBREAK_GENERIC_TOKEN}
##  PagerDuty posts (webhooks v3, signed), or is asked, or both. services: its services by id or name -> ours.
#   pagerduty:
#     kind: pagerduty
#     secret: env:PAGERDUTY_WEBHOOK_SECRET
#     poll: {url: https://api.pagerduty.com, every: 30s, token: env:PAGERDUTY_TOKEN}
#     services: {PABC123: checkout}
`;
}

function telemetry({ found }: ExampleInput): string {
  const off = found.prometheus === null ? '# ' : '';
  return `## Where numbers come from. label = the label that holds the service's name. Without a Prometheus, kind: scrape reads
## the metrics pages itself.
${off}telemetry:
${off}  prom: {kind: prometheus, url: ${found.prometheus ?? 'http://127.0.0.1:9090'}, label: service}
#   pages: {kind: scrape, targets: [{service: checkout, url: http://127.0.0.1:8080/metrics}], every: 5s, keep: 15m}
`;
}

const LOOKS = `## What else is looked at, never changed: log stores, database servers, clusters, what was merged and deployed, tools of MCP
## servers (off until their definition is pinned: firebreak mcp pin). docs/telemetry.md, docs/kubernetes.md, docs/mcp.md.
# log_stores:
#   loki: {kind: loki, url: http://127.0.0.1:3100, label: app}
# databases:
#   orders: {kind: postgres, host: 127.0.0.1, database: shop, user: watcher, secret: env:FIREBREAK_POSTGRES_PASSWORD}
# clusters:
#   main: {url: https://10.0.0.1:6443, token: env:FIREBREAK_CLUSTER_TOKEN}
# github: {token: env:GITHUB_TOKEN}
# mcp:
#   cloudwatch:
#     command: [/usr/local/bin/cloudwatch-mcp, --read-only]
#     services: [checkout]
#     tools:
#       get_metric:
#         about: One figure of the load balancer over the last minutes.
#         roles: [diagnosis]
#         arguments: {name: {one_of: [RequestCount, HTTPCode_ELB_5XX]}, minutes: {int: {min: 1, max: 120}}}
`;

const SERVICES = `## What runs the services, so that they can be restarted, rolled back or scaled.
# workloads:
##  token is for reading. act_token is for changes: a file (chmod 600) that only the process that makes them reads.
#   shop: {kind: process, url: http://127.0.0.1:9000, token: env:FIREBREAK_SHOP_TOKEN, act_token: "file:./shop-act.token"}

## The services, what they call, and how far Firebreak may go: observe (say what it would do), propose (with the command
## to run by hand), act (do it, once a person approved). signals: standard reads http_requests_total,
## http_request_duration_seconds and their like.
# services:
#   - id: checkout
#     mode: observe
#     depends_on: [inventory]
#     max_replicas: 4
#     telemetry: pages
#     signals: standard
#     logs: [/var/log/checkout.log]
#     probe: http://127.0.0.1:8080/healthz
#     workload: {driver: shop, name: checkout}
#   - {id: inventory, loki: loki, repo: shop/inventory}
#   - {id: orders-db, postgres: {driver: orders}}

## What belongs to no one service: what is wrong there is looked at with it.
# systems:
#   - {id: shop-cluster, match: [{namespace: shop}], cluster: {driver: main, namespace: shop}}

## Commands of your own, as changes: never a shell, values only from a list, after people approved. docs/actions.md.
# actions:
#   - name: restart-queue
#     service: inventory
#     about: Restart the queue workers
#     argv: [/usr/local/bin/queue, restart, --count, "{count}"]
#     params: {count: {int: {min: 1, max: 5}}}
#     timeout: 60s

## Conditions that are watched without any monitoring system: they raise an alert when they hold for a time.
# watches:
#   - {service: checkout, probe: true, for: 10s, severity: critical}
#   - {service: checkout, signal: error_ratio, above: 0.05, for: 1m, severity: error}

## A folder of Markdown files, for people and for the diagnosis.
# runbooks: ./runbooks
`;

const MODELS = `## AI models. Without this part the rules play every agent. Keys are read at start; a model that does not answer, or that
## a budget (in dollars) does not allow any more, is replaced by the next one of the list, and at last by the rules.
## kind: anthropic, openai, or openai_compatible for a server of your own that speaks the same way. roles may name each
## agent (coordinator, monitor, diagnosis, remediation); default is for the others. Prices of models that are not known
## here go into prices, in dollars per million tokens, also a price of 0. send_to_model: full, redacted (the default) or
## never, for each telemetry source and workload, and for logs, probes and runbooks.
# models:
#   providers:
#     anthropic: {kind: anthropic, key: env:ANTHROPIC_API_KEY, base_url: https://api.anthropic.com}
#     openai: {kind: openai, key: env:OPENAI_API_KEY, base_url: https://api.openai.com/v1}
#     local: {kind: openai_compatible, base_url: http://127.0.0.1:11434/v1}
#   roles:
#     default: [anthropic/claude-sonnet-4-6, openai/gpt-5.4]
#     monitor: [local/llama3.3]
#   budget: {incident: 1.00, day: 20.00, roles: {diagnosis: 0.50}}
#   prices:
#     - {provider: local, model: llama3.3, date: 2026-11-01, in: 0, out: 0}
#   send_to_model: {logs: redacted}
`;

const POLICY = `## What may be changed at all. ask = a person approves each change; deny wins; what no rule names is denied.
# policy:
#   rules:
#     - {tools: [service_restart, service_rollback], environments: [prod], services: ["*"], answer: ask}

## How long an approval waits, and when a change counts as having helped.
timing: {approval: 15m, verify_samples: 5, verify_every: 1s, verify_window: 60s}

## How many changes one incident may start, undos not counted; then people must do it by hand.
limits: {changes_per_incident: 5}

## Checkpoints of the log are appended to a file at each opening, decision and ending of an incident, and this often. Put
## it on a disk of another machine: firebreak audit verify --against FILE then finds a log that was cut or rewritten.
# anchors: {file: /mnt/elsewhere/firebreak.checkpoints, every: 1h}
`;

const CARE = `## How Firebreak looks after itself: the checks of firebreak doctor, again and again (or off). A check that is known to fail
## for a while is silenced until a day, with the reason; critical ones cannot be. docs/doctor.md says what each of them means.
guard: {every: 10m}
# doctor:
#   suppress:
#     - {id: anchor-age, until: 2099-01-31, reason: the new disk comes in January}
`;
