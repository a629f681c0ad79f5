import { FakeClock } from '#tests/fakes/fake-clock.ts';
import { shopServices } from '#tests/fakes/fake-shop.ts';
import { createFakeWorld } from '#tests/fakes/fake-world.ts';
import { playIncident, serviceIdOf } from './rules-incident.ts';

const right: Record<string, string> = {
  none: 'incident_resolve',
  'bad-deploy': 'service_rollback',
  'memory-leak': 'service_restart',
  'stuck-pool': 'service_restart',
  'dead-dependency': 'service_restart',
  overload: 'service_scale',
  'wrong-fix': 'service_scale',
};
const faults = [
  'none',
  'bad-deploy',
  'memory-leak',
  'stuck-pool',
  'dead-dependency',
  'overload',
  'wrong-fix',
  'unknown-bad-record',
  'unknown-expired-credential',
  'unknown-slow-disk',
] as const;
let n = 0;
const bad = new Map<string, number>();
for (const historyMs of [8000, 30_000, 600_000])
  for (const wait of [2500, 6000, 40_000])
    for (const late of [-30_000, 0, 1500, 30_000])
      for (let seed = 1; seed <= 3; seed++)
        for (const fault of faults)
          for (const s of shopServices)
            for (const paged of ['gateway', s]) {
              const clock = new FakeClock();
              const w = createFakeWorld({ clock, seed, historyMs });
              w.inject(fault, s);
              await clock.advance(fault === 'memory-leak' ? 29_000 + wait : wait);
              const r = await playIncident({
                world: w,
                clock,
                paged: serviceIdOf(paged),
                about: fault.includes('disk') || fault === 'none' ? 'latency_p95' : 'error_ratio',
                startedAt: clock.now() - late,
              });
              n++;
              const want = right[fault] ?? 'incident_escalate';
              const target = JSON.stringify(r.end.args);
              const ok =
                r.end.tool === want && (!want.startsWith('service_') || target.includes(`"service:${s}"`));
              if (!ok) {
                const k = `${fault} ${s} paged ${paged} hist ${historyMs} wait ${wait} late ${late}: ${r.monitor?.verdict} ${r.diagnosis?.outcome} ${r.diagnosis?.hypotheses
                  .map((h) => `${h.cause} ${h.service} ${h.confidence}`)
                  .slice(0, 2)
                  .join(', ')} => ${r.end.tool} ${target.slice(0, 90)}`;
                bad.set(k, (bad.get(k) ?? 0) + 1);
              }
            }
console.log(n, 'incidents');
for (const [k, v] of bad) console.log(v, k);
