import { createServer } from 'node:http';

export type CheckoutShop = {
  readonly address: string;
  /** From now on most requests fail, or none. */
  fail(broken: boolean): void;
  stop(): Promise<void>;
};
const EVERY_MS = 100;
const PER_TICK = 5;

/** A service with requests that fail when told to, and metrics as Prometheus scrapes them. */
export async function startCheckout(): Promise<CheckoutShop> {
  const counts = { ok: 0, failed: 0 };
  let isBroken = false;
  const timer = setInterval(() => {
    counts.ok += isBroken ? 1 : PER_TICK;
    counts.failed += isBroken ? PER_TICK - 1 : 0;
  }, EVERY_MS);
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' });
    response.end(
      `# TYPE http_requests_total counter
http_requests_total{code="200"} ${counts.ok}
http_requests_total{code="500"} ${counts.failed}
`,
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const at = server.address();
  if (at === null || typeof at === 'string') throw new Error('no port');
  return {
    address: `127.0.0.1:${at.port}`,
    fail: (broken) => {
      isBroken = broken;
    },
    stop: async () => {
      clearInterval(timer);
      server.closeAllConnections();
      await new Promise<void>((resolve) => void server.close(() => resolve()));
    },
  };
}
