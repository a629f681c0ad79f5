import { isSigned, PERMIT_MS, type Permit, permitKey } from '#approvals/permit.ts';
import type { Clock } from '#core/clock.ts';

export type PermitCheckDeps = {
  /** Public half of the key that the gate of this start signs with. */
  readonly publicKey: string;
  readonly boot: string;
  readonly clock: Clock;
};

/** `ok` once for each permit. The others say why nothing may happen. */
export type PermitVerdict = 'ok' | 'forged' | 'other_start' | 'used' | 'void' | 'fenced_off';

/**
 * What stands between a message and a change: signature, server start, lifetime by the clock of whoever checks, single
 * use, and a fence not below the highest seen for the target. Uses are remembered as long as the checker lives; one that
 * started later takes no permit that is older than itself, so a restart brings no used one back. A permit that was looked
 * at is used up, whatever the verdict, unless it is forged.
 */
export function createPermitCheck({
  publicKey,
  boot,
  clock,
}: PermitCheckDeps): (permit: Permit) => PermitVerdict {
  const key = permitKey(publicKey);
  const startedAt = clock.now();
  const used = new Set<string>();
  const fences = new Map<string, number>();
  return (permit) => {
    if (!isSigned(permit, key)) return 'forged';
    const { jti, mintedAt, notAfter, order } = permit.fields;
    if (used.has(jti)) return 'used';
    used.add(jti);
    if (permit.fields.boot !== boot) return 'other_start';
    const now = clock.now();
    const inTime = startedAt <= mintedAt && mintedAt <= now && now <= notAfter;
    if (!inTime || notAfter - mintedAt > PERMIT_MS) return 'void';
    const { target } = order.change;
    if (order.fence < (fences.get(target) ?? 0)) return 'fenced_off';
    fences.set(target, order.fence);
    return 'ok';
  };
}
