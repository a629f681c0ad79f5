import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startShop } from '#demo/shop.ts';

/** A parent that starts a shop, tells the pids and then does nothing until somebody kills it. */
const shop = await startShop({ dir: process.argv[2] ?? mkdtempSync(join(tmpdir(), 'shop-')) });
const services = await shop.supervisor.client.services();
const pids = [...shop.pids, ...services.flatMap(({ instances }) => instances.map(({ pid }) => pid))];
process.stdout.write(`${JSON.stringify(pids)}\n`);
