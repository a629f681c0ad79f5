import type { ServiceId } from '#core/ids.ts';
import { knownDependencies } from './known-dependencies.ts';
import { anyOf, type Scene } from './scene.ts';
import { down, hasLiveness, hurt, ill } from './symptoms.ts';

/**
 * Services where the origin may lie: the paged one, and from each that is not seen healthy on to the ones it calls.
 * What lies behind a healthy dependency cannot explain its caller, so the walk ends there. Paged service first.
 */
export function suspects(scene: Scene): ServiceId[] {
  const found = new Set<ServiceId>([scene.about.service]);
  for (const service of found) {
    if (!isHealthy(scene, service)) for (const on of knownDependencies(scene, service)) found.add(on);
  }
  return [...found];
}

function isHealthy(scene: Scene, service: ServiceId): boolean {
  const asked = [service === scene.about.service ? ill(scene, service) : hurt(scene, service)];
  if (hasLiveness(scene, service)) asked.push(down(scene, service));
  return anyOf(asked).is === 'no';
}
