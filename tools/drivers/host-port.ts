import type { HostSeen } from '#incidents/observations-host.ts';
import type { Seen } from './seen.ts';

/** Looks at the machine that this product runs on, without starting anything. Never throws. */
export type HostDriver = { status(signal: AbortSignal): Promise<Seen<HostSeen>> };
