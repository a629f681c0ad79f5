import type { ClusterCause } from '#incidents/cluster-causes.ts';
import { mainContainers, podsOf, specOf, troubleOf, unique } from './facts.ts';
import { appRef, type ClusterDetector, type ClusterFinding } from './finding.ts';
import type { ClusterState } from './state.ts';

const DATABASE_IMAGE = /(^|\/)(mysql|mariadb|percona|postgres(ql)?|mongo(db)?)(:|@|-|$)/i;

/** The application that a database runs in, where there is exactly one. */
export function databaseApp(state: ClusterState): string | null {
  const apps = [...state.workloads.keys()].filter((app) => {
    const spec = specOf(state, app);
    return spec !== null && mainContainers(spec.value).some(({ image }) => DATABASE_IMAGE.test(image ?? ''));
  });
  const [only] = apps;
  if (apps.length === 1 && only !== undefined) return only;
  const named = [...state.workloads.keys()].filter((app) => /mysql|mariadb|postgres|mongo/.test(app));
  return named.length === 1 ? (named[0] ?? null) : null;
}

/** Something beside its log says that an application is in trouble. */
function isIll(state: ClusterState, app: string): boolean {
  const isMeasured = (state.anomalies?.value ?? []).some(({ kind, name }) => kind === 'app' && name === app);
  return isMeasured || podsOf(state, app).some(({ value }) => troubleOf(value) !== null);
}

/**
 * What words in a log are worth: whoever a program serves can have it write some. Said once, by a program that is well, they
 * name nothing; said again and again they name a cause, which only trouble that is seen in another way confirms.
 */
function worth(state: ClusterState, apps: readonly string[], times: number): number {
  if (apps.some((app) => isIll(state, app))) return 92;
  return times > 1 ? 87 : 60;
}

/** What databases say when they refuse, wherever it was logged. `at`: whose fault it is. */
function saidInLogs(cause: ClusterCause, words: RegExp, at: 'client' | 'database'): ClusterDetector {
  return {
    cause,
    find: (state) => {
      const found = new Map<string, ClusterFinding>();
      for (const [app, { value, calls }] of state.logs) {
        const said = value.patterns.filter(({ sample }) => words.test(sample));
        if (said.length === 0) continue;
        const object = at === 'database' ? (databaseApp(state) ?? app) : app;
        const times = said.reduce((sum, { count }) => sum + count, 0);
        const points = worth(state, [app, object], times);
        found.set(object, {
          object: appRef(object),
          points: Math.max(points, found.get(object)?.points ?? 0),
          for: unique([...(found.get(object)?.for ?? []), ...calls]).slice(0, 8),
        });
      }
      return [...found.values()];
    },
  };
}

const NO_LINK =
  /Communications link failure|CommunicationsException|CannotGetJdbcConnection|Could not (?:open|get) JDBC Connection|Can't connect to MySQL server/i;
const REFUSED = /Connection refused|ConnectException|\(111\)/i;
const NO_NAME = /UnknownHost|Name or service not known|no such host/i;

/** A client finds the machine of a database that is well, and nobody listens where it knocks. */
const refusedByHealthyDatabase: ClusterDetector = {
  cause: 'mysql_invalid_port',
  find: (state) => {
    const database = databaseApp(state);
    const isWell =
      database !== null && podsOf(state, database).some(({ value }) => troubleOf(value) === null);
    if (!isWell) return [];
    return [...state.logs].flatMap(([app, { value, calls }]): ClusterFinding[] => {
      const texts = value.patterns.map(({ sample }) => sample);
      const isRefused =
        texts.some((text) => NO_LINK.test(text) && !NO_NAME.test(text)) &&
        texts.some((text) => REFUSED.test(text));
      return isRefused ? [{ object: appRef(app), points: 76, for: calls.slice(0, 8) }] : [];
    });
  },
};

/** Causes that databases name themselves. */
export const databaseDetectors: readonly ClusterDetector[] = [
  refusedByHealthyDatabase,
  saidInLogs(
    'mysql_invalid_credentials',
    /Access denied for user|password authentication failed for user|ER_ACCESS_DENIED_ERROR|authentication failed.*(?:mysql|database)/i,
    'client',
  ),
  saidInLogs(
    'db_connection_exhaustion',
    /Too many connections|ER_CON_COUNT_ERROR|remaining connection slots are reserved|too many clients already|max_connections/i,
    'database',
  ),
  saidInLogs(
    'db_readonly_mode',
    /--(?:super-)?read-only option|read[- ]only (?:mode|transaction)|ER_OPTION_PREVENTS_STATEMENT|database is (?:in )?read[- ]only/i,
    'database',
  ),
];
