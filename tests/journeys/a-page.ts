import { connect } from 'node:net';
import { followEntries } from '#demo/entry-stream.ts';
import { writeFirebreakHome } from '#demo/firebreak-config.ts';
import { startFirebreak } from '#demo/firebreak-process.ts';
import { startShop } from '#demo/shop.ts';
import { page } from './page.ts';

/** Starts a shop and Firebreak in the given folder, sends one page, tells what came of it, and stops both. */
const dir = process.argv[2] ?? '';
const shop = await startShop({ dir: `${dir}/shop` });
const home = writeFirebreakHome(`${dir}/firebreak`, shop, { approverName: 'alice' });
const server = await startFirebreak(home);
const stop = new AbortController();
const opened = Promise.withResolvers<string>();
const following = followEntries(server, home.viewerToken, {
  signal: stop.signal,
  onEntry: ({ kind, incidentId }) => {
    if (kind === 'incident.opened') opened.resolve(incidentId ?? '');
  },
});
const status = await page({ server, home }, { alertname: 'HighErrorRate', service: 'checkout' });
const incident = await opened.promise;
stop.abort();
await following;
await server.stop();
await shop.stop();
// An address that is kept for examples: with a network this hangs or is refused, without one there is no way to it.
const outside = await new Promise<string>((resolve) => {
  const socket = connect({ host: '192.0.2.1', port: 9, timeout: 2000 });
  socket.once('error', (error) => resolve('code' in error ? String(error.code) : error.message));
  for (const event of ['connect', 'timeout'] as const)
    socket.once(event, () => {
      socket.destroy();
      resolve(event);
    });
});
process.stdout.write(`${JSON.stringify({ status, incident, outside })}\n`);
