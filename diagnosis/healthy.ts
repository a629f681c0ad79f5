import type { SignalName } from '#incidents/vocabulary.ts';
import { signalKey } from './evidence.ts';
import { postgresWell } from './postgres/assess-postgres.ts';
import { allOf, ask, metric, not, type Scene, said, type Verdict } from './scene.ts';
import { suspects } from './suspects.ts';
import { down, hasLiveness, probeFails } from './symptoms.ts';

const HARM: readonly SignalName[] = [
  'error_ratio',
  'latency_p95',
  'saturation',
  'memory_use',
  'instances_up',
];

/**
 * Whether the paged service is well: what the page is about, its errors and its latency were seen inside their bands, it
 * runs, and nothing else that was looked at is out. What could not be seen is never well.
 */
export function healthOf(scene: Scene): Verdict {
  const { service, signal } = scene.about;
  const configured = scene.inventory.services.get(service)?.signals ?? {};
  const felt = (['error_ratio', 'latency_p95'] as const).filter((name) => configured[name] !== undefined);
  const mustSee = new Set<SignalName>([...felt, ...(signal === null ? [] : [signal])]);
  const isPostgres = scene.inventory.services.get(service)?.postgres !== undefined;
  if ((mustSee.size === 0 && !isPostgres) || isElsewhereOut(scene)) return said(false, []);
  return allOf([
    ...[...mustSee].map((name) => ask(scene, metric(service, name), ({ state }) => state === 'normal')),
    ...(isPostgres ? [postgresWell(scene, service)] : []),
    ...(hasLiveness(scene, service) ? [not(down(scene, service))] : []),
  ]);
}

function isElsewhereOut(scene: Scene): boolean {
  const isOut = (state: string | undefined): boolean => state === 'high' || state === 'low';
  if (probeFails(scene, scene.about.service).is === 'yes') return true;
  return suspects(scene).some((id) =>
    HARM.some((name) => isOut(scene.evidence.signals.get(signalKey(id, name))?.state)),
  );
}
