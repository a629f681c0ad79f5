import type { ServiceCause } from '#incidents/vocabulary.ts';
import { callsUnwatched, dependencyDown, ownFault } from './blame.ts';
import { changedBefore, deployed, deployedJustBefore } from './deploys.ts';
import { allOf, not, type Question } from './scene.ts';
import { allRun, demandedFromOutside, downInTime } from './service-state.ts';
import {
  busier,
  collapsed,
  down,
  felt,
  freshErrors,
  full,
  ill,
  leaking,
  nearLimit,
  probeFails,
  runsShort,
  saturated,
} from './symptoms.ts';

/** A question without whose yes the cause cannot be: a no rules it out, and while it is unseen it cannot become likely. */
export type Need = { readonly name: string; readonly ask: Question; readonly yes: number };

/** A question that adds or takes points of confidence. `unseen`: taken when it could not be seen though it should have been. */
export type Clue = Need & { readonly no: number; readonly unseen: number };

/** How one cause looks; all points together are about 100. */
export type Detector = {
  readonly cause: ServiceCause;
  readonly needs: readonly Need[];
  readonly clues: readonly Clue[];
};

type Worth = { yes: number; no?: number; unseen?: number };
const need = (name: string, ask: Question, yes: number): Need => ({ name, ask, yes });
const clue = (name: string, ask: Question, { yes, no = 0, unseen = 0 }: Worth): Clue => ({
  name,
  ask,
  yes,
  no,
  unseen,
});

const noDeploy: Question = (scene, service) => not(deployed(scene, service));
const overrun: Question = (scene, service) => allOf([busier(scene, service), saturated(scene, service)]);
const notBusier: Question = (scene, service) => not(busier(scene, service));
const unwatched = clue('it calls services that cannot be watched', callsUnwatched, { yes: -8 });
const ownTrouble = (points: number): Need => need('no dependency explains it', ownFault, points);
const trouble = (points: number): Need =>
  need('errors or latency are up, or what the page is about is out', ill, points);

/** All known causes. Every rule is about kinds of signals; none knows a service by name. */
export const detectors: readonly Detector[] = [
  {
    cause: 'bad_deploy',
    needs: [need('a new version went out shortly before', deployed, 40), trouble(15), ownTrouble(15)],
    clues: [
      clue('it began within minutes of the new version', deployedJustBefore, { yes: 10, no: -15 }),
      clue('a new kind of error is logged', freshErrors, { yes: 15, no: -10 }),
      clue('its code was changed within the hour before', changedBefore, { yes: 3 }),
      clue('demand rose and filled it', overrun, { yes: -35, unseen: -15 }),
      unwatched,
    ],
  },
  {
    cause: 'memory_leak',
    needs: [need('memory climbs towards its limit', leaking, 45), trouble(15), ownTrouble(15)],
    clues: [
      clue('memory is near its limit', nearLimit, { yes: 15, no: -15 }),
      clue('no new version went out', noDeploy, { yes: 10, no: -30 }),
      clue('demand rose', busier, { yes: -20 }),
      unwatched,
    ],
  },
  {
    cause: 'stuck_pool',
    needs: [
      need('its pool is full', full, 25),
      need('next to nothing gets through', collapsed, 20),
      need('demand did not rise', notBusier, 15),
      need('it is felt', felt, 10),
      ownTrouble(15),
    ],
    clues: [
      clue('no new version went out', noDeploy, { yes: 12, no: -30 }),
      clue('all instances run', allRun, { yes: 3, no: -25 }),
      clue('memory climbs', leaking, { yes: -25 }),
      unwatched,
    ],
  },
  {
    cause: 'instance_down',
    needs: [need('too few instances run or answer', down, 45), need('it is felt', felt, 10)],
    clues: [
      clue('fewer run than should', runsShort, { yes: 15, unseen: -15 }),
      clue('its health check fails', probeFails, { yes: 10 }),
      clue('no new version went out', noDeploy, { yes: 10, no: -30 }),
      clue('it went down as the trouble began', downInTime, { yes: 10, no: -20, unseen: -15 }),
      clue('a dependency is down', dependencyDown, { yes: -25 }),
    ],
  },
  {
    cause: 'overload',
    needs: [
      need('demand rose clearly', busier, 25),
      need('its instances are full', saturated, 20),
      trouble(10),
      ownTrouble(20),
    ],
    clues: [
      clue('no new version went out', noDeploy, { yes: 10, no: -25, unseen: -5 }),
      clue('the demand comes from outside', demandedFromOutside, { yes: 10, no: -30, unseen: -10 }),
      clue('next to nothing gets through', collapsed, { yes: -15, no: 5 }),
      clue('instances are missing', down, { yes: -40, unseen: -10 }),
      clue('memory climbs', leaking, { yes: -15 }),
      unwatched,
    ],
  },
];
