import { type Check, fail, listed, ok, plural, skipped, type Verdict, warn, whenKnown } from './check.ts';
import type { FileFact, PeopleFact, PersonFact } from './facts.ts';

const DAY = 24 * 3_600_000;
const OLD_SECRET = 90 * DAY;
/** Two secrets of a sender are for the time of a change. */
const ROTATING = 14 * DAY;

const auth: Check = {
  id: 'auth',
  severity: 'high',
  about:
    'Somebody can log in; every team whose services may be changed has an owner; no token has ended; nobody has every role.',
  remedy:
    'Give people a token (firebreak token new) or a Slack account, each team an owner, and each person only the roles they use.',
  run: ({ people, now }) => whenKnown(people, (all) => judgePeople(all, now)),
};

function judgePeople({ people, teams }: PeopleFact, now: number): Verdict {
  const isReachable = ({ hasToken, hasSlack, expiresAt }: PersonFact): boolean =>
    hasSlack || (hasToken && (expiresAt === null || expiresAt > now));
  if (!people.some(isReachable))
    return fail('nobody of the config can log in', 'give a person a token: firebreak token new');
  const ended = people.filter(({ expiresAt }) => expiresAt !== null && expiresAt <= now);
  if (ended.length > 0)
    return fail(
      `the token of ${listed(ended.map(({ id }) => id))} has ended`,
      'make a new one (firebreak token new), or take the person out of the config',
    );
  const ownerless = teams.filter(
    ({ id, mayBeChanged }) => mayBeChanged.length > 0 && !people.some((one) => isOwnerOf(one, id)),
  );
  if (ownerless.length > 0)
    return fail(
      `${listed(ownerless.map(({ id }) => id))} has no owner, and its services may be changed`,
      'give a person the role owner and that team',
    );
  return warnPeople(people, now);
}

function isOwnerOf({ roles, teams }: PersonFact, team: string): boolean {
  return roles.includes('owner') && teams.includes(team);
}

function warnPeople(people: readonly PersonFact[], now: number): Verdict {
  const soon = people.filter(({ expiresAt }) => expiresAt !== null && expiresAt - now < 14 * DAY);
  if (soon.length > 0)
    return warn(
      `the token of ${listed(soon.map(({ id }) => id))} ends within 14 days`,
      'make a new one: firebreak token new',
    );
  const all = people.filter(({ roles }) => new Set(roles).size >= 5);
  if (all.length > 0)
    return warn(`${listed(all.map(({ id }) => id))} has every role`, 'keep only the roles they use');
  return ok(`${plural(people.length, 'person')}, each with a way in`.replace('persons', 'people'));
}

const policyVersion: Check = {
  id: 'policy-version',
  severity: 'high',
  about:
    'What the config allows was accepted by an owner, and what may be changed has somebody who can approve it.',
  remedy: 'Read firebreak policy accept and answer it; give a person the role approver or owner.',
  run: ({ policy }) =>
    whenKnown(policy, ({ waiting, unapprovable }) => {
      if (unapprovable.length > 0)
        return fail(
          `nobody can approve a change of ${listed(unapprovable)}`,
          'give a person the role approver, or set the mode to propose',
        );
      if (waiting > 0)
        return warn(
          `the config allows more than was accepted: ${plural(waiting, 'thing')}`,
          'an owner looks at it: firebreak policy accept',
        );
      return ok('all that the config allows was accepted');
    }),
};

const fileModes: Check = {
  id: 'file-modes',
  severity: 'critical',
  about:
    'The data directory, the keys and the secrets can be read by their owner only, and nobody else can write the config.',
  remedy: 'chmod as the line says; firebreak guard does it for files of its own user.',
  run: ({ files }) =>
    whenKnown(files, (all) => {
      const loose = all.filter(({ mode, loose: bits }) => (mode & bits) !== 0);
      if (loose.length > 0)
        return fail(
          `${listed(loose.map(({ path, mode }) => `${path} (${octal(mode)})`))} can be used by others`,
          loose.slice(0, 3).map(chmodLine).join('; '),
        );
      const foreign = all.filter(({ isOurs }) => !isOurs);
      if (foreign.length > 0)
        return warn(
          `${listed(foreign.map(({ path }) => path))} belongs to another user`,
          'give it to the user that runs Firebreak: chown',
        );
      if (all.length === 0) return skipped('there is no file to look at yet');
      return ok(`${plural(all.length, 'file')} and folders, none open to others`);
    }),
};

const octal = (mode: number): string => (mode & 0o777).toString(8).padStart(4, '0');

function chmodLine({ path, mode, loose }: FileFact): string {
  return `chmod ${octal(mode & ~loose)} ${path}`;
}

const secrets: Check = {
  id: 'secrets',
  severity: 'critical',
  about: 'Every secret that the config names is there and has the form that it should have.',
  remedy: 'Put it where the config says (env:, file:, keychain:), or correct the config.',
  run: ({ secrets: fact }) =>
    whenKnown(fact, (all) => {
      const bad = all.flatMap(({ name, problem }) => (problem === null ? [] : [`${name} (${problem})`]));
      return bad.length > 0
        ? fail(listed(bad), 'put the secret there, readable by its owner only; then: firebreak secrets check')
        : ok(all.length === 0 ? 'the config names none' : `${plural(all.length, 'secret')}, all there`);
    }),
};

const secretAge: Check = {
  id: 'secret-age',
  severity: 'medium',
  about: 'No secret is older than 90 days.',
  remedy: 'Make a new one where it comes from, put it in the place of the old one, end the old one.',
  run: ({ secretAges, now }) =>
    whenKnown(secretAges, (all) => {
      const old = all.filter(({ since }) => now - since > OLD_SECRET);
      if (old.length === 0) return ok('none is older than 90 days');
      const names = old.map(
        ({ name, since }) => `${name} (${plural(Math.floor((now - since) / DAY), 'day')})`,
      );
      return warn(listed(names), 'make a new one where it comes from, and end the old one');
    }),
};

const webhookSources: Check = {
  id: 'webhook-sources',
  severity: 'high',
  about:
    'Every sender of pages proves who it is, or is asked; two secrets of one sender are for a change only.',
  remedy: 'Set token or secret, or poll; when a change is done, take the old secret out of the list.',
  run: ({ sources, config, now }) =>
    whenKnown(sources, (all) => {
      const deaf = all.filter(({ secrets: count, isPolled }) => count === 0 && !isPolled);
      if (deaf.length > 0)
        return fail(
          `${listed(deaf.map(({ id }) => id))} can send nothing: it has no secret and is not asked`,
          'set token or secret, or poll',
        );
      const since = config.kind === 'known' ? config.value.changedAt : null;
      const two = all.filter(({ secrets: count }) => count > 1);
      if (two.length > 0 && since !== null && now - since > ROTATING)
        return warn(
          `${listed(two.map(({ id }) => id))} has more than one secret for over 14 days`,
          'take the old one out of the list and start Firebreak again',
        );
      return ok(
        all.length === 0
          ? 'no sender is configured'
          : `${plural(all.length, 'sender')}, each proves itself or is asked`,
      );
    }),
};

export const accessChecks: readonly Check[] = [
  auth,
  policyVersion,
  fileModes,
  secrets,
  secretAge,
  webhookSources,
];
