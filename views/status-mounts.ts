import { inert } from '#core/inert.ts';

/** What of a server of somebody else cannot be asked, and why. */
export type MountOff = { readonly name: string; readonly why: string };

/** The same as harmless lines. */
export function inertMounts(mounts: readonly MountOff[] = []): readonly MountOff[] {
  return mounts.map(({ name, why }) => ({ name: inert(name), why: inert(why) }));
}
