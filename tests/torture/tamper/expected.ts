import type { AttackName } from './attacks.ts';

/** What a verifier has to go by: the folder alone; the first public key too; a checkpoint that was kept elsewhere too. */
export const kept = ['nothing', 'first key', 'checkpoint'] as const;
export type Kept = (typeof kept)[number];
export const attackers = ['files', 'files and host key'] as const;
export type Attacker = (typeof attackers)[number];
export type Verdict = 'found' | 'missed';

const found = { nothing: 'found', 'first key': 'found', checkpoint: 'found' } as const;
/** Only who kept a checkpoint knows. */
const rewritten = { nothing: 'missed', 'first key': 'missed', checkpoint: 'found' } as const;

type Row = Readonly<Record<Attacker, Readonly<Record<Kept, Verdict>>>>;
const onlyWithKey: Row = { files: found, 'files and host key': rewritten };

/**
 * What is found, attack by attack; the documented misses are the words `missed`. Without the key nothing can be changed
 * unseen, but the end can be cut off, and a log of another key can stand in the place of this one for those who know
 * neither its key nor a checkpoint of it. With the key all can be written anew; a checkpoint kept elsewhere finds that.
 */
export const expected: Readonly<Record<AttackName, Row>> = {
  modify: onlyWithKey,
  delete: onlyWithKey,
  insert: onlyWithKey,
  reorder: onlyWithKey,
  truncate: { files: rewritten, 'files and host key': rewritten },
  rollback: { files: rewritten, 'files and host key': rewritten },
  fork: onlyWithKey,
  replay: onlyWithKey,
  splice: onlyWithKey,
  'key swap': {
    files: { nothing: 'missed', 'first key': 'found', checkpoint: 'found' },
    'files and host key': rewritten,
  },
  'checkpoint edit': { files: found, 'files and host key': found },
  epoch: { files: found, 'files and host key': found },
  backdate: onlyWithKey,
  garbage: { files: found, 'files and host key': found },
  empty: { files: found, 'files and host key': found },
  'segment swap': onlyWithKey,
};
