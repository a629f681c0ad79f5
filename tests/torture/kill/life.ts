import { enableCompileCache } from 'node:module';

// One life of the part that changes things, in a process of its own: `node life.ts '{"dir": ..., "death": ...}'`. It ends
// by SIGKILL at the step it was told, or goes on until all is settled and prints what it then knows as one JSON line.

enableCompileCache();
const [{ live, LifeOptions }] = await Promise.all([import('./live.ts')]);
console.log(JSON.stringify(await live(LifeOptions.parse(JSON.parse(process.argv[2] ?? '')))));
process.exit(0);
