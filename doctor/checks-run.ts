import {
  type Check,
  checkIds,
  fail,
  listed,
  ok,
  plural,
  severities,
  type Verdict,
  warn,
  whenKnown,
} from './check.ts';
import type { ExecutorFact, ProviderFact, Suppression } from './facts.ts';

const configValid: Check = {
  id: 'config-valid',
  severity: 'high',
  about: 'The config file can be read, and the next start would take it.',
  remedy: 'Correct the lines that are named; firebreak init writes a first config.',
  run: ({ config }) =>
    whenKnown(config, ({ path, problems, changedAt }) => {
      if (problems.length === 0) return ok(`${path} has no mistake`);
      if (changedAt === null) return fail(listed(problems), 'firebreak init, or name the file with --config');
      return fail(listed(problems), 'correct it; a server that runs keeps what it was started with');
    }),
};

const stops: Check = {
  id: 'stops',
  severity: 'low',
  about: 'Nothing is switched off or frozen that somebody forgot.',
  remedy: 'When it is over: firebreak on (owners), firebreak freeze off.',
  run: ({ stops: fact }) =>
    whenKnown(fact, ({ off, frozen, file, by }) => {
      const who = by === null ? '' : `, by ${by}`;
      if (file) return warn('off: the file OFF lies in the data directory', 'when it is over: firebreak on');
      if (off) return warn(`off: nothing new is done${who}`, 'when it is over: firebreak on');
      if (frozen) return warn(`frozen: no change is started${who}`, 'when it is over: firebreak freeze off');
      return ok('nothing is switched off');
    }),
};

const executor: Check = {
  id: 'executor',
  severity: 'critical',
  about:
    'What makes changes is a process of its own with an empty environment, which may read and speak HTTP and nothing else.',
  remedy: 'Start the server again from an unchanged installation; see who changed how it is started.',
  run: ({ executor: fact }) => whenKnown(fact, judgeExecutor),
};

function judgeExecutor(found: ExecutorFact): Verdict {
  if (found.kind === 'not needed') return ok('the config has no credential for changes');
  if (found.kind === 'missing')
    return fail(
      'the config has a credential for changes, and no process to use it',
      'see firebreak status; start the server again',
    );
  const fix = 'start the server again from an unchanged installation';
  if (!found.isOwnProcess) return fail('changes are made by the server itself', fix);
  if (found.variables.length > 0)
    return fail(`process ${found.pid} was given ${listed(found.variables)}`, fix);
  const surplus = found.flags.filter((flag) => !found.agreed.includes(flag));
  if (surplus.length > 0) return fail(`process ${found.pid} may also ${listed(surplus)}`, fix);
  if (!found.flags.includes('--permission')) return fail(`process ${found.pid} may do anything`, fix);
  return ok(`process ${found.pid}, empty environment, ${found.flags.join(' ')}`);
}

const providers: Check = {
  id: 'providers',
  severity: 'medium',
  about: 'Every model provider answered the last time it was asked.',
  remedy:
    'See the reason; check the key (firebreak secrets check) and the provider’s status page. The rules go on meanwhile.',
  run: ({ providers: fact }) => whenKnown(fact, judgeProviders),
};

function judgeProviders(all: readonly ProviderFact[]): Verdict {
  if (all.length === 0) return ok('no AI model is configured: the rules do it all');
  const failing = all.filter(({ failuresInRow }) => failuresInRow >= 3);
  if (failing.length === 0)
    return ok(
      listed(all.map(({ id, lastOkAt }) => (lastOkAt === null ? `${id}: not asked yet` : `${id}: answers`))),
    );
  const seen = listed(
    failing.map(
      ({ id, failuresInRow, reason }) =>
        `${id} failed ${failuresInRow} times in a row (${reason ?? 'no reason'})`,
    ),
  );
  const fix = 'check its key and its status page; the rules answer meanwhile';
  return failing.length === all.length ? fail(seen, fix) : warn(seen, fix);
}

/** Below this an unusual day is no news, in millionths of a dollar. */
const SMALL = 1_000_000;

const spend: Check = {
  id: 'spend',
  severity: 'medium',
  about: 'Models cost today at most three times what they cost on a usual day of the last two weeks.',
  remedy:
    'See which incidents cost it (firebreak incidents list); the budgets of the config hold in any case.',
  run: ({ spend: fact }) =>
    whenKnown(fact, (found) => {
      if (found === null) return ok('no AI model is configured');
      const usual = median(found.before.slice(0, 14));
      const today = dollars(found.today);
      if (usual === null) return ok(`${today} today, no day to compare with`);
      if (found.today > 3 * usual && found.today > SMALL)
        return warn(
          `${today} today, ${dollars(usual)} on a usual day`,
          'see which incidents cost it: firebreak incidents list; the budgets hold in any case',
        );
      return ok(`${today} today, ${dollars(usual)} on a usual day`);
    }),
};

const dollars = (micros: number): string => `$${(micros / 1e6).toFixed(2)}`;

/** Null where there are fewer than three days. */
function median(values: readonly number[]): number | null {
  if (values.length < 3) return null;
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low = 0, high = 0] = [sorted[middle - 1], sorted[middle]];
  return sorted.length % 2 === 1 ? high : (low + high) / 2;
}

const guardFresh: Check = {
  id: 'guard-fresh',
  severity: 'medium',
  about: 'These checks run by themselves, again and again.',
  remedy: 'Set guard: {every: 10m}, or run firebreak guard beside the server.',
  run: ({ guard, now }) =>
    whenKnown(guard, ({ everyMs, lastAt, startedAt }) => {
      if (everyMs === null)
        return warn(
          'nobody looks by itself: the guard is off',
          'set guard: {every: 10m} and start Firebreak again',
        );
      const since = Math.max(lastAt ?? 0, startedAt);
      if (now - since > 3 * everyMs)
        return fail(
          `the guard did not look for ${Math.floor((now - since) / 60_000)} min`,
          'see the output of the server for guard; start it again',
        );
      return ok(`looks every ${Math.ceil(everyMs / 60_000)} min`);
    }),
};

/** What may be silenced: never what is critical, nor the list of what is. */
export function maySuppress(check: Pick<Check, 'id' | 'severity'>): boolean {
  return check.severity !== severities[0] && check.id !== 'suppressed';
}

/** The check on the list of what is silenced; it looks at every other one. */
export function suppressedCheck(others: readonly Check[]): Check {
  return {
    id: 'suppressed',
    severity: 'high',
    about: 'What is silenced names a check that is not critical, says why, and has not run out.',
    remedy: 'Take it out of doctor.suppress, or write a later day. Critical checks cannot be silenced.',
    run: ({ suppressions, now }) => {
      if (suppressions.length === 0) return ok('nothing is silenced');
      const wrong = suppressions.flatMap((one) => wrongWith(one, others, now));
      if (wrong.length > 0) return fail(listed(wrong), 'correct doctor.suppress in the config');
      return warn(
        listed(suppressions.map(({ id, reason }) => `${id}: ${reason}`)),
        `${plural(suppressions.length, 'check')} silenced: put it right, then take it out of doctor.suppress`,
      );
    },
  };
}

function wrongWith({ id, until }: Suppression, others: readonly Check[], now: number): string[] {
  const check = others.find((one) => one.id === id);
  if (!checkIds.some((one) => one === id)) return [`${id} is no check`];
  if (check === undefined || !maySuppress(check)) return [`${id} cannot be silenced`];
  return until <= now ? [`${id} was silenced until a day that is over`] : [];
}

export const runChecks: readonly Check[] = [configValid, stops, executor, providers, spend, guardFresh];
