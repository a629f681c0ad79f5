import type { Rig } from './rig.ts';

/**
 * One way to get an effect that nobody allowed. It may do everything that the outside can do, and tamper with what the
 * product holds in memory. Afterwards everything is pushed as far as the product goes, and effects are counted.
 */
export type Attempt = (rig: Rig) => Promise<void>;
