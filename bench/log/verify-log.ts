import { createReplay } from '#approvals/semantic-replay.ts';
import { verifyLog } from '#audit/verify.ts';

// A process of its own, so that its memory is that of verifying alone: verifies argv[2], bytes and meaning, prints JSON.

const replay = createReplay();
const began = performance.now();
const result = await verifyLog({ dir: process.argv[2] ?? '', onEntry: replay.apply });
const ms = Math.round(performance.now() - began);
const entries = result.kind === 'ok' ? result.entries : -1;
const problems = replay.problems().length;
const { user, system } = process.cpuUsage();
const cpuMs = Math.round((user + system) / 1000);
const rssMb = Math.round(process.resourceUsage().maxRSS / 1024);
console.log(JSON.stringify({ entries, problems, ms, cpuMs, rssMb }));
