import type { ServiceId } from '#core/ids.ts';
import type { SignalName } from '#incidents/vocabulary.ts';
import { type Scene, signalOf } from './scene.ts';

/** When trouble began at a service, and how far that instant may be off. */
export type Onset = { readonly at: number; readonly slackMs: number; readonly measured: boolean };

/** What is felt first counts: a deployment or a restart moves the later ones by itself. */
const FELT: readonly SignalName[] = ['error_ratio', 'latency_p95', 'instances_up', 'memory_use'];

/**
 * Instant that the signal of the service which people feel most left its band; where none did, when the page says it
 * began.
 */
export function onsetOf(scene: Scene, service: ServiceId): Onset {
  for (const signal of FELT) {
    const view = signalOf(scene, service, signal);
    if (view === undefined || view.state === 'normal' || view.since === null) continue;
    const slackMs = view.stepMs === null ? 5_000 : Math.min(30_000, Math.max(2_000, 2 * view.stepMs));
    return { at: view.since, slackMs, measured: true };
  }
  return { at: scene.about.since, slackMs: 30_000, measured: false };
}
