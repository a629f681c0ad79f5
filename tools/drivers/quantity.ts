const FACTORS: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** An amount as Kubernetes writes it (`200m`, `1.5Gi`, `12`) as a number; null where it is none. */
export function quantity(text: string): number | null {
  const found = /^(\d{1,15}(?:\.\d{1,9})?)([numkMGTPE]|[KMGTPE]i)?$/.exec(text.trim());
  const factor = found === null ? undefined : FACTORS[found[2] ?? ''];
  return found === null || factor === undefined ? null : Number(found[1]) * factor;
}

/** Cpu in millicores. */
export function millicores(text: string): number | null {
  const cores = quantity(text);
  return cores === null ? null : Math.round(cores * 1000);
}
