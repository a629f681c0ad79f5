import { openProduct } from './investigation/product.ts';
import { startModel } from './investigation/model-process.ts';
const [log, model] = process.argv.slice(2) as ['file' | 'memory', 'routed' | 'in-process'];
const m = await startModel();
const p = await openProduct(m.url, { services: 200, log, model });
for (let i = 0; i < 60; i++) await p.investigate(`svc-${i}`);
await p.close(); await m.close();
