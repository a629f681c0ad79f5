import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { realClock } from '#core/clock.ts';
import { sha256 } from '#core/hash.ts';
import { serve } from '#server/main.ts';
import { createPrometheus } from '#tools/drivers/prometheus.ts';
import { aService } from '../tools/a-service.ts';
import { never } from '../tools/loopback.ts';
import { type CheckoutShop, startCheckout } from './a-checkout.ts';
import { ALERTMANAGER, freePort, ready, start, startAlertmanager } from './a-program.ts';

/** Debian's packages prometheus and prometheus-node-exporter. */
const [PROMETHEUS, EXPORTER] = ['/usr/bin/prometheus', '/usr/bin/prometheus-node-exporter'] as const;
const missing = [PROMETHEUS, ALERTMANAGER, EXPORTER].filter((path) => !existsSync(path));
if (missing.length > 0) console.warn(`skipped: not on this machine: ${missing.join(', ')}`);

const PERSON = 'fbk_token-of-a-person';
const headers = { authorization: `Bearer ${PERSON}` };

test.skipIf(missing.length > 0)(
  'a real alert fires on real metrics, is delivered, diagnosed with real PromQL, and closes when it clears',
  async () => {
    const dir = mkdtempSync(join(tmpdir(), 'firebreak-prometheus-'));
    onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
    const shop = await startCheckout();
    onTestFinished(shop.stop);
    const prometheus = `http://127.0.0.1:${await freePort()}`;
    const url = await startServer(dir, prometheus);
    const exporter = await startExporter();
    const alertmanager = await startAlertmanager(dir, { server: url, token: 'alert-token' });
    await startPrometheus(dir, { at: prometheus, shop, exporter, alertmanager });
    await expect.poll(() => samples(prometheus), { timeout: 30_000 }).toBeGreaterThan(12);
    shop.fail(true);
    const incident = async () => (await fetch(`${url}/v1/incidents/INC-1`, { headers })).text();
    await expect.poll(incident, { timeout: 30_000 }).toContain('HighErrorRate checkout');
    await expect.poll(incident, { timeout: 30_000 }).toMatch(/"escalated":\{|"cause":\{/);
    const told = await incident();
    expect(told).toMatch(/"wrong":\[\{"text":"errors of checkout \d+ %"/);
    expect(told).not.toContain('(unreachable)');

    expect(
      await expression(prometheus, 'sum by (code) (rate(http_requests_total{service="checkout"}[10s]))'),
    ).toMatchObject({
      kind: 'seen',
      value: expect.arrayContaining([expect.objectContaining({ labels: { code: '500' } })]),
    });
    expect(await expression(prometheus, 'node_load1{service="checkout"}')).toMatchObject({
      kind: 'gap',
      reason: 'refused',
    });
    expect(await expression(prometheus, 'topk(1, node_load1{service="machine"})', 'machine')).toMatchObject({
      kind: 'gap',
      reason: 'refused',
    });

    shop.fail(false);
    await expect.poll(incident, { timeout: 45_000 }).toMatch(/"state":"resolved"|"resolved":\{/);
  },
  150_000,
);

const expression = (url: string, text: string, id = 'checkout') => {
  const allowed = { metrics: ['http_requests_total'], maxRangeMs: 3_600_000 };
  const service = id === 'checkout' ? aService() : aService({ workload: { driver: 'p', name: id } });
  const to = Date.now();
  return createPrometheus({ url, allowed }, realClock).promql?.(
    { service, expression: text, from: to, to, stepMs: 1000 },
    never,
  );
};

async function samples(url: string): Promise<number> {
  const query = new URLSearchParams({ query: 'count_over_time(up{service="checkout"}[2m])' });
  const answer = await fetch(`${url}/api/v1/query?${query}`).then(
    (response) => response.text(),
    () => '',
  );
  return Number(/"value":\[[\d.]+,"(\d+)"\]/.exec(answer)?.[1] ?? 0);
}

async function startServer(dir: string, prometheus: string): Promise<string> {
  const configPath = join(dir, 'firebreak.yaml');
  writeFileSync(join(dir, 'alerts'), 'alert-token\n', { mode: 0o600 });
  writeFileSync(
    configPath,
    `listen: {host: 127.0.0.1, port: 0}
default_owner: team-shop
teams: [{id: team-shop, name: Shop}]
people: [{id: olga, name: Olga, token: "sha256:${sha256(PERSON)}", roles: [responder]}]
sources: {alertmanager: {kind: alertmanager, token: "file:./alerts"}}
telemetry: {main: {kind: prometheus, url: "${prometheus}", promql: {metrics: [http_requests_total]}}}
services:
  - id: checkout
    telemetry: main
    signals:
      error_ratio: {kind: ratio, of: {metric: http_requests_total, where: {code: "5.."}}, to: {metric: http_requests_total}}
      request_rate: {kind: rate, of: {metric: http_requests_total}}
      instances_up: {kind: up}
`,
  );
  const server = await serve({ configPath, dataDir: join(dir, 'data'), version: '0.0.0' });
  onTestFinished(server.stop);
  return server.url;
}

async function startExporter(): Promise<string> {
  const address = `127.0.0.1:${await freePort()}`;
  start(EXPORTER, [`--web.listen-address=${address}`]);
  return address;
}

type Around = { at: string; shop: CheckoutShop; exporter: string; alertmanager: string };

async function startPrometheus(dir: string, { at, shop, exporter, alertmanager }: Around): Promise<void> {
  writeFileSync(
    join(dir, 'rules.yml'),
    `groups:
  - name: shop
    rules:
      - alert: HighErrorRate
        expr: sum by (service) (rate(http_requests_total{code=~"5.."}[5s])) / sum by (service) (rate(http_requests_total[5s])) > 0.05
        for: 1s
        labels: {severity: critical}
        annotations: {summary: "many requests fail"}
`,
  );
  writeFileSync(
    join(dir, 'prometheus.yml'),
    `global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: [${join(dir, 'rules.yml')}]
alerting: {alertmanagers: [{static_configs: [{targets: ["${alertmanager}"]}]}]}
scrape_configs:
  - {job_name: shop, static_configs: [{targets: ["${shop.address}"], labels: {service: checkout}}]}
  - {job_name: machine, static_configs: [{targets: ["${exporter}"], labels: {service: machine}}]}
`,
  );
  start(PROMETHEUS, [
    ...[`--config.file=${join(dir, 'prometheus.yml')}`, `--web.listen-address=${new URL(at).host}`],
    ...[`--storage.tsdb.path=${join(dir, 'tsdb')}`, '--log.level=error'],
  ]);
  await ready(at);
}
