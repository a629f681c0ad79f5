import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { realClock } from '#core/clock.ts';
import type { Delivery } from '#intake/delivery.ts';
import { loadConfig } from '#server/config.ts';
import { createFolds } from '#server/folds.ts';
import { createSources } from '#server/sources.ts';
import { createWorld } from '#server/world.ts';

const undo: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

/** Starts what the config names and gives the first delivery that comes of it. */
async function firstDelivery(extra: string): Promise<Delivery> {
  const dir = mkdtempSync(join(tmpdir(), 'firebreak-sources-'));
  undo.push(() => rmSync(dir, { recursive: true }));
  const file = join(dir, 'firebreak.yaml');
  writeFileSync(file, `default_owner: team-shop\nteams: [{id: team-shop, name: Shop}]\n${extra}`);
  const config = loadConfig(file, {});
  const arrived = Promise.withResolvers<Delivery>();
  const deliver = async (delivery: Delivery) => {
    arrived.resolve(delivery);
    return { kind: 'accepted', incidents: [] } as const;
  };
  const { world } = createWorld(config, realClock);
  const sources = createSources({
    config,
    clock: realClock,
    world,
    folds: createFolds(),
    firebreak: { deliver },
    onHealth: () => {},
  });
  undo.push(() => sources.stop());
  return arrived.promise;
}

async function answering(body: unknown, status = 200): Promise<string> {
  const server = createServer((_request, response) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body)),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  undo.push(() => new Promise<void>((resolve) => void server.close(() => resolve())));
  const { port } = server.address() as AddressInfo;
  return `http://127.0.0.1:${port}`;
}

test('an Alertmanager that the config polls is asked, and its alerts arrive without any open port', async () => {
  const alert = {
    labels: { alertname: 'HighErrorRate', service: 'checkout', severity: 'critical' },
    annotations: {},
    startsAt: '2026-01-05T03:12:00.000Z',
    endsAt: '2026-01-05T04:12:00.000Z',
    updatedAt: '2026-01-05T03:12:00.000Z',
    fingerprint: 'ff6a7a0f5f1c1309',
    receivers: [{ name: 'firebreak' }],
    status: { state: 'active', silencedBy: [], inhibitedBy: [] },
  };
  const url = await answering([alert]);
  const delivery = await firstDelivery(
    `sources:\n  alertmanager: {kind: alertmanager, poll: {url: "${url}", every: 100ms}}\n`,
  );
  expect(delivery).toMatchObject({
    source: 'alertmanager',
    via: 'poll',
    alerts: [{ name: 'HighErrorRate', service: 'checkout', status: 'firing' }],
  });
});

test('a health check that fails for long enough raises an alert without any monitoring system', async () => {
  const url = await answering({ status: 'ill' }, 503);
  const delivery = await firstDelivery(
    `services:\n  - {id: checkout, probe: "${url}/healthz"}\nwatches:\n  - {service: checkout, probe: true, for: 0s, every: 100ms, severity: critical}\n`,
  );
  expect(delivery).toMatchObject({
    via: 'watch',
    alerts: [{ service: 'checkout', severity: 'critical', status: 'firing' }],
  });
});
