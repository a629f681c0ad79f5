import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { realRandom } from '#core/clock.ts';
import { sha256 } from '#core/hash.ts';
import { MAX_REPLICAS, SERVICES, type ServiceName } from './shop/plan.ts';
import type { PagedBy, Shop } from './shop.ts';
import type { DemoSlack } from './slack-fake/start.ts';

/** Firebreak's own folder: config, secrets and data, apart from everything that knows what was broken. */
export type FirebreakHome = {
  readonly dir: string;
  readonly config: string;
  readonly data: string;
  /** By which its pages are known: a bearer token of Alertmanager, or the secret that signs for PagerDuty. */
  readonly alertToken: string;
  /** Throw-away personal tokens: one that may only look, one that may decide. */
  readonly viewerToken: string;
  readonly approver: { readonly name: string; readonly tokenFile: string };
};

const DEPENDS: Readonly<Record<ServiceName, readonly ServiceName[]>> = {
  gateway: ['checkout'],
  checkout: ['inventory'],
  inventory: [],
};

/** Who may approve; the `models` part of the config, left out = the rules play every agent; Slack, where there is one. */
export type HomeOptions = {
  readonly approverName: string;
  readonly models?: string;
  /** Left out = Alertmanager. */
  readonly from?: PagedBy;
  readonly slack?: Pick<DemoSlack, 'config' | 'accounts'> | null;
};

/** Writes what a platform team would: one firebreak.yaml, secrets in 0600 files, a runbook. */
export function writeFirebreakHome(
  dir: string,
  shop: Shop,
  { approverName, models = '', from = 'alertmanager', slack = null }: HomeOptions,
): FirebreakHome {
  mkdirSync(join(dir, 'runbooks'), { recursive: true, mode: 0o700 });
  const secret = (name: string, value: string): string => {
    const path = join(dir, name);
    writeFileSync(path, `${value}\n`, { mode: 0o600 });
    chmodSync(path, 0o600);
    return path;
  };
  const token = () => `fbk_${realRandom.bytes(32).toString('base64url')}`;
  const [alertToken, viewerToken, approverToken] = [token(), token(), token()];
  const approver = { name: approverName, tokenFile: secret('approver.token', approverToken) };
  const supervisorFile = secret('supervisor.token', shop.supervisor.readerToken);
  const operatorFile = secret('supervisor-act.token', shop.supervisor.operatorToken);
  const alertFile = secret(`${from}.token`, alertToken);
  writeFileSync(join(dir, 'runbooks', 'shop.md'), RUNBOOK);
  const config = join(dir, 'firebreak.yaml');
  writeFileSync(
    config,
    configText({
      shop,
      approverName,
      viewerToken,
      approverToken,
      supervisorFile,
      operatorFile,
      alertFile,
      models,
      from,
      slack,
    }),
    { mode: 0o600 },
  );
  return { dir, config, data: join(dir, 'data'), alertToken, viewerToken, approver };
}

type Text = {
  shop: Shop;
  approverName: string;
  viewerToken: string;
  approverToken: string;
  supervisorFile: string;
  operatorFile: string;
  alertFile: string;
  models: string;
  from: PagedBy;
  slack: NonNullable<HomeOptions['slack']> | null;
};

function configText({
  shop,
  approverName,
  viewerToken,
  approverToken,
  supervisorFile,
  operatorFile,
  alertFile,
  models,
  from,
  slack,
}: Text): string {
  const account = (who: 'approver' | 'onlooker'): string =>
    slack === null ? '' : `, slack: {user: ${slack.accounts[who]}}`;
  // Somebody to hand over to, and a second yes; in no team, so that nobody calls them.
  const colleague =
    slack === null
      ? ''
      : `  - {id: colleague, name: Colleague, roles: [responder, approver], slack: {user: ${slack.accounts.colleague}}}\n`;
  const services = SERVICES.map((name) =>
    [
      `  - id: ${name}`,
      '    owner: team-shop',
      '    mode: act',
      `    depends_on: [${DEPENDS[name].join(', ')}]`,
      `    max_replicas: ${MAX_REPLICAS}`,
      '    telemetry: shop',
      '    signals: standard',
      `    logs: ["${join(shop.logs, `${name}.log`)}"]`,
      `    probe: ${shop.addresses[name]}/healthz`,
      `    workload: {driver: shop, name: ${name}}`,
    ].join('\n'),
  );
  return `# Written by the demo. A real one looks the same: see "firebreak init".
demo: true
listen: {host: 127.0.0.1, port: 0}
environment: demo
default_owner: team-shop
teams:
  - {id: team-shop, name: Shop}
people:
  - {id: ${approverName}, name: ${approverName}, token: "sha256:${sha256(approverToken)}", roles: [responder, approver, owner], teams: [team-shop]${account('approver')}}
  - {id: onlooker, name: Onlooker, token: "sha256:${sha256(viewerToken)}", roles: [viewer]${account('onlooker')}}
${colleague}sources:
  ${from}: {kind: ${from}, ${from === 'pagerduty' ? 'secret' : 'token'}: "file:${alertFile}"}
telemetry:
  shop: {kind: scrape, discover: "${shop.supervisor.url}/v1/targets", token: "file:${supervisorFile}", every: 500ms, keep: 15m}
workloads:
  shop: {kind: process, url: "${shop.supervisor.url}", token: "file:${supervisorFile}", act_token: "file:${operatorFile}"}
services:
${services.join('\n')}
runbooks: ./runbooks
${models}${slack?.config ?? ''}policy:
  rules:
    - {tools: [service_restart, service_rollback, service_scale], environments: [demo], services: ["*"], answer: ask}
timing: {approval: 15m, verify_samples: 5, verify_every: 800ms, verify_window: 15s}
`;
}

const RUNBOOK = `---
services: [gateway, checkout, inventory]
actions:
  - {cause: bad_deploy, tool: service_rollback, target: self}
  - {cause: memory_leak, tool: service_restart, target: self}
---
# The shop

Gateway calls checkout, checkout calls inventory. A bad release is rolled back first and read later.
`;
