import type { ServiceId } from '#core/ids.ts';
import { type Scene, signalOf } from './scene.ts';

/**
 * How far demand exceeds what the instances of a saturated service carry, in percent (100 = just full); null where the
 * load was not seen. Two estimates, the larger counts: demand against what still gets through, and demand against what
 * the normal load per used slot promises.
 */
export function pressureOf(scene: Scene, service: ServiceId): number | null {
  const rate = signalOf(scene, service, 'request_rate');
  if (rate?.now == null) return null;
  const errors = signalOf(scene, service, 'error_ratio')?.now ?? 0;
  const used = signalOf(scene, service, 'saturation')?.median ?? null;
  const estimates = [1 / Math.max(0.1, 1 - errors)];
  if (used !== null && used >= 0.1 && rate.median !== null && rate.median > 0) {
    estimates.push((rate.now / rate.median) * used);
  }
  return Math.round(100 * Math.min(10, Math.max(1, ...estimates)));
}
