import type { Incident, Look } from '#incidents/incident.ts';
import type { Finding, MonitorReport } from '#incidents/reports.ts';
import { findingFigure } from './narrate-reports.ts';
import { signalWords } from './words.ts';

/** What a look came to, and the evidence behind it. */
export type LookWords = { readonly text: string; readonly evidence: readonly string[] };

/** Figures that are told of one look. */
const MOST = 4;

/** What a monitor saw of one service, what is out of its band first: `inventory: nothing is wrong: errors 0 %, ...`. */
export function monitorWords(service: string, { verdict, findings }: MonitorReport): LookWords {
  const own = findings.filter((finding) => finding.service === service);
  const seen = own.filter(({ state }) => state !== 'unseen').toSorted((a, b) => rank(a) - rank(b));
  const unseen = own.filter(({ state }) => state === 'unseen').map(({ signal }) => signalWords(signal));
  const said = {
    impaired: 'something is wrong',
    healthy: 'nothing is wrong',
    unclear: 'it is not clear whether anything is wrong',
  };
  const figures = seen
    .slice(0, MOST)
    .map((finding) => `${signalWords(finding.signal)} ${findingFigure(finding)}`);
  const missing = unseen.length === 0 ? [] : [`not seen: ${unseen.join(', ')}`];
  const all = [...figures, ...missing].join(', ');
  return {
    text: `${service}: ${said[verdict]}${all === '' ? ', and nothing could be seen' : `: ${all}`}`,
    evidence: [...new Set(seen.slice(0, MOST).flatMap(({ evidence }) => evidence.slice(0, 1)))],
  };
}

/** The last answered look of a monitor at each service that the page is not about. */
export function looksElsewhere({ service, looks }: Pick<Incident, 'service' | 'looks'>): LookWords[] {
  const newest = new Map<string, MonitorReport>();
  for (const look of looks) {
    const report = monitorOf(look);
    if (look.service !== null && look.service !== service && report !== null)
      newest.set(look.service, report);
  }
  return [...newest].map(([name, report]) => monitorWords(name, report));
}

export function monitorOf({ report }: Look): MonitorReport | null {
  return report?.role === 'monitor' ? report : null;
}

function rank({ state }: Finding): number {
  return state === 'high' || state === 'low' ? 0 : 1;
}
