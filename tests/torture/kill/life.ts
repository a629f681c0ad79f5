import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

// One life of the part that changes things, in a process of its own: `node life.ts '{"dir": ..., "death": ...}'`. It ends
// by SIGKILL at the step it was told, or goes on until all is settled and prints what it then knows as one JSON line.

enableCompileCache(fileURLToPath(new URL('../../../node_modules/.cache/torture', import.meta.url)));
const [{ live, LifeOptions }] = await Promise.all([import('./live.ts')]);
console.log(JSON.stringify(await live(LifeOptions.parse(JSON.parse(process.argv[2] ?? '')))));
process.exit(0);
