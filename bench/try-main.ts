import { run } from './try-inv.ts';
const t0 = performance.now();
const r = await run();
for (const l of [...r.lines, ...r.wrong]) console.log(l);
console.log(((performance.now() - t0) / 1000).toFixed(0), 's');
