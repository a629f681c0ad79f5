/** What Firebreak finds in itself and around it comes from here; no sender of the config can have this name. */
export const GUARD_SOURCE = 'guard';

/**
 * Whether the incident is about Firebreak itself: people have it from the start, no agent works on it and nothing is
 * ever proposed in it.
 */
export function isOwnFinding(
  incident: { readonly alerts: readonly { readonly source: string }[] } | undefined,
): boolean {
  return incident?.alerts[0]?.source === GUARD_SOURCE;
}
