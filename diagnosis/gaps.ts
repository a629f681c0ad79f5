import type { ServiceId } from '#core/ids.ts';
import type { DiagnosisReport } from '#incidents/reports.ts';
import type { Assessment } from './assessment.ts';
import type { Scene } from './scene.ts';

type GapLine = DiagnosisReport['gaps'][number];

/** What could not be seen: looks that failed at a suspect, and looks that the leading causes still want. At most 12. */
export function gapsOf(
  scene: Scene,
  services: readonly ServiceId[],
  listed: readonly Assessment[],
): GapLine[] {
  const failed = scene.evidence.gaps
    .filter(({ service }) => services.includes(service))
    .map(({ service, tool, reason }): GapLine => ({ service, tool, reason }));
  const open = listed
    .slice(0, 2)
    .flatMap(({ wants }) => wants)
    .map(({ read }): GapLine => ({ service: read.service, tool: read.tool, reason: 'not_read' }));
  const lines = new Map<string, GapLine>();
  for (const line of [...failed, ...open]) {
    const key = `${line.service} ${line.tool}`;
    if (!lines.has(key)) lines.set(key, line);
  }
  return [...lines.values()].slice(0, 12);
}
