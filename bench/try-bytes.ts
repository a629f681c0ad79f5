import { createRequestBytes } from '#llm/request-bytes.ts';
import { responsesWire } from '#llm/openai-responses.ts';
import { CallId } from '#core/ids.ts';
import net from 'node:net';
const bytesOf = createRequestBytes(responsesWire);
import { spawn } from 'node:child_process';
const ch = spawn(process.execPath, ['-e', "const s=require('net').createServer(s=>s.resume()).listen(0,'127.0.0.1',()=>console.log(s.address().port))"], { stdio: ['ignore', 'pipe', 'inherit'] });
const port = await new Promise<number>((r) => ch.stdout.once('data', (d) => r(Number(String(d)))));
const c = net.connect(port, '127.0.0.1');
await new Promise((r) => c.once('connect', r));
const TEXT = 'x'.repeat(4000);
const tools = [{ name: 'a', description: 'b', schema: { type: 'object', properties: {}, required: [], additionalProperties: false } }];
const sp: Record<string, number[]> = {};
for (let s = 0; s < 8; s++) {
  const items: any[] = [{ kind: 'input', source: 'brief', value: null, text: 'x' }];
  for (let i = 1; i <= 205; i++) {
    items.push({ kind: 'reply', text: '', calls: [{ id: `c${i}`, tool: 'a', args: {} }] }, { kind: 'result', id: `c${i}`, call: CallId.parse(`e${i}`), tool: 'a', outcome: 'ok', value: null, text: TEXT });
    const t0 = process.cpuUsage(); const q = bytesOf({ model: 'm', head: 'h', tools, items, maxOutputTokens: 1, mustCall: false }); const b = q.bytes; q.done(); const t1 = process.cpuUsage(t0);
    const t2 = process.cpuUsage(); await new Promise((r) => c.write(b, r)); const t3 = process.cpuUsage(t2);
    if (s > 1 && ((i > 5 && i <= 15) || i > 195)) { const k = i > 100 ? 'late' : 'early'; (sp[k + ' bytes'] ??= []).push(t1.user + t1.system); (sp[k + ' write'] ??= []).push(t3.user + t3.system); }
  }
}
for (const [k, v] of Object.entries(sp)) console.log(k, (v.reduce((a, b) => a + b) / v.length).toFixed(0), 'us', v.sort((a, b) => a - b)[v.length >> 1]);
ch.kill(); process.exit(0);
