import { DAY_MS, weekdayOf } from '#core/zoned-time.ts';
import { show } from './config-problems.ts';
import { type Group, group, list } from './config-shape.ts';
import type { Path, Problem } from './config-yaml.ts';
import { didYouMean } from './suggest.ts';

/** What stands for somebody else in `notify`. */
const TAKEN = ['rota', 'team', 'channel'];

/** What is wrong between rotas, rungs, maintenance, silences and the rest; reads the file as it was written. */
export function checkDuty(file: unknown): Problem[] {
  const root = group(file);
  const people = idsOf(root.people);
  const services = idsOf(root.services);
  const sources = new Set([...Object.keys(group(root.sources)), 'watch', 'cli']);
  return [
    ...list(root.people).flatMap((person, at) => {
      const { id } = group(person);
      const message = 'is taken: it stands for somebody in notify';
      return TAKEN.some((word) => word === id) ? [{ path: ['people', at, 'id'], message }] : [];
    }),
    ...checkFallback(root),
    ...repeatedUsers(root),
    ...list(root.teams).flatMap((team, at) => checkNeedsPagerDuty(['teams', at], group(team), root)),
    ...list(root.teams).flatMap((team, at) => checkTeam(['teams', at], group(team), people)),
    ...list(group(root.maintenance).windows).flatMap((window, at) => {
      const path = ['maintenance', 'windows', at, 'service'];
      return refers(path, group(window).service, { known: services, as: 'service' });
    }),
    ...list(root.silences).flatMap((silence, at) => {
      const match = group(group(silence).match);
      const path = ['silences', at, 'match'];
      return [
        ...refers([...path, 'service'], match.service, { known: services, as: 'service' }),
        ...refers([...path, 'source'], match.source, { known: sources, as: 'source' }),
      ];
    }),
  ];
}

function checkTeam(path: Path, team: Group, people: ReadonlySet<string>): Problem[] {
  const rota = group(team.rota);
  const known = { known: people, as: 'person' };
  return [
    ...list(rota.people).flatMap((person, at) => refers([...path, 'rota', 'people', at], person, known)),
    ...list(rota.override).flatMap((one, at) =>
      refers([...path, 'rota', 'override', at, 'person'], group(one).person, known),
    ),
    ...checkHandover([...path, 'rota'], rota),
    ...list(team.rungs).flatMap((rung, at) => {
      const { notify } = group(rung);
      if (TAKEN.some((word) => word === notify)) return [];
      return refers([...path, 'rungs', at, 'notify'], notify, {
        known: people,
        as: `person, or ${TAKEN.join(', ')}`,
      });
    }),
  ];
}

function checkFallback(root: Group): Problem[] {
  if (root.fallback === undefined) return [];
  if (root.slack === undefined)
    return [{ path: ['fallback'], message: 'is for when Slack fails, and there is no slack' }];
  const { pagerduty } = group(root.fallback);
  if (pagerduty === undefined || group(root.pagerduty).events !== undefined) return [];
  return [
    { path: ['fallback', 'pagerduty'], message: 'needs pagerduty.events: the way to page people there' },
  ];
}

function checkNeedsPagerDuty(path: Path, team: Group, root: Group): Problem[] {
  if (group(team.rota).pagerduty === undefined || root.pagerduty !== undefined) return [];
  return [{ path: [...path, 'rota', 'pagerduty'], message: 'needs pagerduty: nobody else knows that rota' }];
}

/** One user there is one person here. */
function repeatedUsers(root: Group): Problem[] {
  const users = list(root.people).map((person) => group(person).pagerduty);
  return users.flatMap((user, at) => {
    const path = ['people', at, 'pagerduty'];
    const first = users.indexOf(user);
    const message = `${show(path, user)} is the same as people[${first}].pagerduty`;
    return user === undefined || first === at ? [] : [{ path, message }];
  });
}

/** The weekday is written so that people can read it; it is the one of the first day. */
function checkHandover(path: Path, { first, handover }: Group): Problem[] {
  if (typeof first !== 'string' || typeof handover !== 'string' || !handover.includes(' ')) return [];
  const day = Date.parse(`${first}T00:00:00Z`) / DAY_MS;
  const [said] = handover.split(' ');
  if (Number.isNaN(day) || weekdayOf(day) === said) return [];
  const message = `${show([], handover)} is on another day than first: ${first} is a ${weekdayOf(day)}`;
  return [{ path: [...path, 'handover'], message }];
}

function refers(
  path: Path,
  value: unknown,
  { known, as }: { known: ReadonlySet<string>; as: string },
): Problem[] {
  if (typeof value !== 'string' || known.has(value)) return [];
  return [{ path, message: `${show(path, value)} is not a ${as}${didYouMean(value, known)}` }];
}

function idsOf(items: unknown): Set<string> {
  return new Set(
    list(items)
      .map((item) => group(item).id)
      .filter((id) => typeof id === 'string'),
  );
}
