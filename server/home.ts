import type { People } from '#approvals/people.ts';
import type { Clock } from '#core/clock.ts';
import { homeBlocks, strangerLine } from '#slack/cards/home.ts';
import { section } from '#slack/cards/text.ts';
import type { Handlers } from '#slack/ports.ts';
import { incidentRow } from '#views/incident-list.ts';
import { pendingRow } from '#views/status.ts';
import type { Folds } from './folds.ts';
import { heldLine } from './held-line.ts';
import { personOf } from './person-of.ts';

export type HomeDeps = {
  readonly folds: Pick<Folds, 'incidents' | 'approvals' | 'spend' | 'stops'>;
  readonly people: People;
  readonly clock: Pick<Clock, 'now'>;
  /** What models may cost on one day, in millionths of a dollar; null: no model is configured. */
  readonly dayLimit: number | null;
  /** The file that switches off stands in the data directory. */
  readonly offFile: () => boolean;
  readonly zone: string;
};

/** What the Home tab shows: how things stand, to people of the config; to others how they become one. */
export function createHome(deps: HomeDeps): Pick<Handlers, 'home'> {
  return {
    home: async (who) => {
      if (personOf(deps.people, who) === undefined) return section(strangerLine(who));
      const { folds, zone } = deps;
      return homeBlocks({
        zone,
        incidents: folds.incidents.current().map(incidentRow),
        pending: folds.approvals
          .all()
          .filter(({ state }) => state === 'pending')
          .map(pendingRow),
        spend: spendToday(deps),
        held: heldLine(deps),
      });
    },
  };
}

/** Today is the UTC day, as in the books. */
function spendToday({ folds, clock, dayLimit }: HomeDeps) {
  if (dayLimit === null) return null;
  const day = new Date(clock.now()).toISOString().slice(0, 10);
  return { usdMicros: folds.spend.spent({ kind: 'day', day }), limitUsdMicros: dayLimit };
}
