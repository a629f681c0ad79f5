/** The newest time that anything was recorded at, in ms: ages are told from there. */
export function recordedAt(evidence: ReadonlyMap<string, unknown>): number {
  const times = [...JSON.stringify([...evidence.values()]).matchAll(/"(\d{4}-\d\d-\d\dT[\d:.]+Z)"/g)];
  return Math.max(0, ...times.map(([, text]) => Date.parse(text ?? '')).filter(Number.isFinite));
}
