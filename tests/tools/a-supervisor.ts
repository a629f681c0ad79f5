import { onTestFinished } from 'vitest';
import { realClock, realRandom } from '#core/clock.ts';
import type { Fleet, Slot } from '#demo/shop/fleet.ts';
import { listen } from '#demo/shop/http.ts';
import { createManagedService } from '#demo/shop/managed-service.ts';
import { createOperations } from '#demo/shop/operations.ts';
import { supervisorApi } from '#demo/shop/supervisor-api.ts';
import { createProcessDriver } from '#tools/drivers/process.ts';

/** Slots without processes. */
function paperFleet(): Fleet {
  let slots: Slot[] = [];
  const slot = (n: number, version: Slot['version']): Slot => {
    const startedAt = new Date(0).toISOString();
    return {
      id: `checkout-${n}`,
      child: undefined,
      pid: n,
      port: n,
      state: 'running',
      version,
      startedAt,
      exitCode: undefined,
    };
  };
  const fill = async (replicas: number, version: Slot['version']): Promise<void> => {
    slots = Array.from({ length: replicas }, (_, n) => slot(n + 1, version));
  };
  return {
    slots: () => slots,
    replaceAll: (version) => fill(slots.length, version),
    resize: fill,
    stop: async () => {},
  };
}

/** The demo's supervisor with its real interface, and the driver for it. */
export async function supervised() {
  const managed = createManagedService({
    name: 'checkout',
    address: 'http://127.0.0.1:1',
    fleet: paperFleet(),
    clock: realClock,
    random: realRandom,
  });
  await managed.begin(2);
  const operations = createOperations();
  const services = new Map([['checkout', managed]]);
  const api = supervisorApi({
    services,
    operations,
    readerToken: 'look only',
    operatorToken: 'sesame',
    chaosToken: 'mischief',
    onChaos: () => {},
  });
  const { server, port } = await listen(api);
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const withToken = (token: string) =>
    createProcessDriver({ url: `http://127.0.0.1:${port}`, token: () => token }, realClock);
  return { driver: withToken('sesame'), reader: withToken('look only'), managed };
}
