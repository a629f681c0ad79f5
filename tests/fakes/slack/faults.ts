/**
 * What goes wrong with a call: Slack says no, says later, breaks, never answers; or it does what was asked and the
 * answer is lost.
 */
export type FakeFault =
  | { readonly kind: 'error'; readonly error: string }
  | { readonly kind: 'rate_limited'; readonly retryAfter: number }
  | { readonly kind: 'status'; readonly status: number }
  | { readonly kind: 'cut' }
  | { readonly kind: 'silence' }
  | { readonly kind: 'answer_lost' };

export type FakeFaults = {
  /** The next `times` calls of a method (`*`: of any) fail so. */
  add(method: string, fault: FakeFault, times?: number): void;
  /** While on, nothing answers and sockets are closed. */
  outage(on: boolean): void;
};

/** Faults that are waiting, and whether Slack is down. */
export function createFaults(onOutage: () => void) {
  const planned: { method: string; fault: FakeFault; left: number }[] = [];
  let down = false;
  return {
    add: (method: string, fault: FakeFault, times = 1): void => {
      planned.push({ method, fault, left: times });
    },
    outage: (on: boolean): void => {
      down = on;
      if (on) onOutage();
    },
    get down(): boolean {
      return down;
    },
    /** The fault that strikes this call, which counts it. */
    next: (method: string): FakeFault | undefined => {
      if (down) return { kind: 'cut' };
      const found = planned.find((one) => one.left > 0 && (one.method === method || one.method === '*'));
      if (found !== undefined) found.left -= 1;
      return found?.fault;
    },
  };
}
