import type { AgentRole, Tier } from '#incidents/vocabulary.ts';

export const roles = ['viewer', 'responder', 'approver', 'owner', 'admin'] as const;
export type Role = (typeof roles)[number];

/**
 * What somebody may do.
 * - read: see everything that is shown.
 * - note: what changes no production: take, acknowledge, resolve, comment, leave pages alone, hand over a page.
 * - propose: ask for a change, which people then decide on.
 * - stop: freeze, switch off, take back a yes.
 * - decide: say yes or no to a change, and what became of it.
 * - own: lift a stop, accept a wider policy or a damaged log, erase content.
 */
export const rights = ['read', 'note', 'propose', 'stop', 'decide', 'own'] as const;
export type Right = (typeof rights)[number];

/** Everybody who acts: people by their roles, and agents, who never stop, decide or own anything. */
export type Subject = Role | `agent:${AgentRole}`;

/** Who may do what; what does not stand here is refused. */
export const rightsOf: Readonly<Record<Subject, readonly Right[]>> = {
  viewer: ['read'],
  responder: ['read', 'note', 'propose', 'stop'],
  approver: ['read', 'note', 'propose', 'stop', 'decide'],
  owner: ['read', 'note', 'propose', 'stop', 'decide', 'own'],
  admin: ['read', 'note', 'propose', 'stop'],
  'agent:coordinator': ['read', 'note'],
  'agent:monitor': ['read'],
  'agent:diagnosis': ['read'],
  'agent:remediation': ['read', 'note', 'propose'],
};

/** The right that a tool call of a tier takes; a change is only ever proposed. */
export const rightOfTier: Readonly<Record<Tier, Right>> = {
  R0: 'read',
  R1: 'note',
  R2: 'propose',
  R3: 'propose',
};
