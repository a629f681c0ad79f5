import { Counter, Gauge, type Registry } from 'prom-client';
import type { Entry } from '#audit/log.ts';
import { readFact } from '#incidents/entry.ts';
import type { Quietness } from '#views/status-quiet.ts';

/**
 * Figures about pages that are left alone, alerts that flap and sources that should be heard. Counted since the start;
 * the log has the rest. Labels come from the config and closed sets.
 */
export function createDutyMetrics(
  registry: Registry,
  quietness: () => Quietness,
): (entries: readonly Entry[]) => void {
  const registers = [registry];
  const suppressed = new Counter({
    name: 'firebreak_pages_suppressed_total',
    help: 'Pages that opened no incident.',
    labelNames: ['reason'],
    registers,
  });
  const asked = new Counter({
    name: 'firebreak_rungs_reached_total',
    help: 'Times that more people were asked about an incident.',
    registers,
  });
  const gauge = (name: string, help: string, value: () => number): void => {
    new Gauge({
      ...{ name, help, registers },
      collect() {
        this.set(value());
      },
    });
  };
  gauge('firebreak_pages_left_alone', 'Pages that fire and are left alone now.', () => quietness().held);
  gauge('firebreak_alerts_flapping', 'Alerts that change too often.', () => quietness().flapping);
  new Gauge({
    name: 'firebreak_watchdog_age_seconds',
    help: 'How long the alert that must keep coming was not seen.',
    labelNames: ['source'],
    registers,
    collect() {
      for (const { source, silentMs } of quietness().watchdogs) this.set({ source }, silentMs / 1000);
    },
  });
  return (entries) => {
    for (const entry of entries) {
      const fact =
        entry.kind === 'page.suppressed' || entry.kind === 'rung.reached' ? readFact(entry) : undefined;
      if (fact?.kind === 'page.suppressed') suppressed.inc({ reason: fact.body.reason });
      else if (fact?.kind === 'rung.reached') asked.inc();
    }
  };
}
