import { type ClusterPhase, phaseOf } from '#incidents/cluster-causes.ts';
import type { DiagnosisReport, Hypothesis } from '#incidents/reports.ts';
import { type Score, share } from '../suite.ts';
import type { RecordedCase, Truth } from './cases.ts';

type Named = { readonly cause: string; readonly object: string };

/** What the product said of a case, without knowing what was right. */
export type Answer = {
  /** A cause stood out; without one the product abstains. */
  readonly named: boolean;
  /** Best first; the first one's object is where it says that the trouble is, also when it abstains. */
  readonly top: readonly Named[];
  readonly reads: number;
  readonly notRecorded: number;
  readonly errors: readonly string[];
};

/** A report as an answer; no report is an answer that names nothing. */
export function answered(
  report: DiagnosisReport | null,
  more: Pick<Answer, 'reads' | 'notRecorded' | 'errors'>,
): Answer {
  const named = report?.outcome === 'likely' || report?.outcome === 'confirmed';
  return { named, top: (report?.hypotheses ?? []).map(nameOf), ...more };
}

const nameOf = ({ cause, object }: Hypothesis): Named => ({
  cause,
  object: (object ?? '').replace(':', '/'),
});

const TAXONOMY: Readonly<Record<ClusterPhase, string>> = {
  admission: 'Admission_Fault',
  scheduling: 'Scheduling_Fault',
  startup: 'Startup_Fault',
  runtime: 'Runtime_Fault',
  routing: 'Service_Routing_Fault',
  performance: 'Performance_Fault',
  infrastructure: 'Infrastructure_Fault',
};

/**
 * How a set writes a cause. Where the set has no label of that name, but one that begins alike and that no other cause of
 * the product bears, it is meant by it (`misrouted`, `misroute`).
 */
export function labelOf(cause: string, labels: ReadonlySet<string>): string {
  if (labels.has(cause)) return cause;
  const near = [...labels].filter(
    (label) => phaseOf(label) === null && (label.startsWith(cause.slice(0, -2)) || cause.startsWith(label)),
  );
  return near.length === 1 ? (near[0] ?? cause) : cause;
}

type Scored = {
  readonly id: string;
  readonly system: string;
  readonly truth: Truth;
  readonly answer: Answer;
  readonly a1: boolean;
  readonly a3: boolean;
  readonly object: boolean;
  readonly misnamed: boolean;
};

type Scoring = {
  readonly answers: ReadonlyMap<string, Answer>;
  readonly truth: ReadonlyMap<string, Truth>;
  readonly model: string;
};

function scored(cases: readonly RecordedCase[], { answers, truth }: Scoring): Scored[] {
  const labels = new Set([...truth.values()].map(({ rootCause }) => rootCause));
  return cases.flatMap(({ id, system }): Scored[] => {
    const right = truth.get(id);
    const answer = answers.get(id);
    if (right === undefined || answer === undefined) return [];
    const isRight = ({ cause, object }: Named): boolean => {
      const phase = phaseOf(cause);
      return (
        labelOf(cause, labels) === right.rootCause &&
        object === right.faultObject &&
        phase !== null &&
        TAXONOMY[phase] === right.faultTaxonomy
      );
    };
    const [first] = answer.top;
    const isNamedRight = first !== undefined && labelOf(first.cause, labels) === right.rootCause;
    return [
      {
        ...{ id, system: right.system ?? system, truth: right, answer },
        a1: answer.named && first !== undefined && isRight(first),
        a3: answer.top.slice(0, 3).some(isRight),
        object: first?.object === right.faultObject,
        misnamed: answer.named && !isNamedRight,
      },
    ];
  });
}

const count = (all: readonly Scored[], what: (one: Scored) => boolean): number => all.filter(what).length;

/** Taxonomy, object and cause all equal; an abstention is not right, and not misnamed either. */
export function scoreOf(cases: readonly RecordedCase[], scoring: Scoring): Score {
  const all = scored(cases, scoring);
  const right = (some: readonly Scored[]) => ({
    a1: share(
      count(some, ({ a1 }) => a1),
      some.length,
    ),
    a3: share(
      count(some, ({ a3 }) => a3),
      some.length,
    ),
  });
  const reads = all.map(({ answer }) => answer.reads);
  const sum = reads.reduce((total, one) => total + one, 0);
  const bySystem = [...Map.groupBy(all, ({ system }) => system)].map(
    ([name, some]) => [name, { cases: some.length, ...right(some) }] as const,
  );
  const passed = count(all, ({ a1 }) => a1);
  const metrics = {
    ...right(all),
    object: share(
      count(all, ({ object }) => object),
      all.length,
    ),
    readsMean: all.length === 0 ? null : Math.round((sum / all.length) * 100) / 100,
    readsMax: all.length === 0 ? null : Math.max(...reads),
    abstained: share(
      count(all, ({ answer }) => !answer.named),
      all.length,
    ),
    misnamed: share(
      count(all, ({ misnamed }) => misnamed),
      all.length,
    ),
    notRecorded: all.reduce((total, { answer }) => total + answer.notRecorded, 0),
    bySystem: Object.fromEntries(bySystem),
  };
  return {
    suite: 'cloudopsbench',
    model: scoring.model,
    cases: all.length,
    passed,
    metrics,
    table: tableOf(all),
  };
}

/** With the rules of its cause off: a case may be named otherwise in no more than a few, and the place should still be right. */
export function leftOutScore(cases: readonly RecordedCase[], scoring: Scoring): Score {
  const all = scored(cases, scoring);
  const metrics = {
    misnamed: share(
      count(all, ({ misnamed }) => misnamed),
      all.length,
    ),
    objectRight: share(
      count(all, ({ object }) => object),
      all.length,
    ),
    abstained: share(
      count(all, ({ answer }) => !answer.named),
      all.length,
    ),
  };
  const passed = count(all, ({ misnamed }) => !misnamed);
  return {
    suite: 'cloudopsbench',
    model: scoring.model,
    cases: all.length,
    passed,
    metrics,
    table: tableOf(all),
  };
}

/** One line for each cause, and one for each case that is not right. */
function tableOf(all: readonly Scored[]): string[] {
  const causes = [...Map.groupBy(all, ({ truth }) => truth.rootCause)].sort(([a], [b]) => (a < b ? -1 : 1));
  const rows = causes.map(
    ([cause, some]) =>
      `${cause.padEnd(36)} ${String(count(some, ({ a1 }) => a1)).padStart(4)} of ${some.length}`,
  );
  const wrong = all
    .filter(({ a1 }) => !a1)
    .map(({ id, truth, answer }) => {
      const [first] = answer.top;
      const said = first === undefined ? 'nothing' : `${first.cause} ${first.object}`;
      const what = answer.named ? said : `abstained, at best ${said}`;
      return `  ${id}: ${truth.rootCause} ${truth.faultObject}; answered: ${what}`;
    });
  return [...rows, ...(wrong.length === 0 ? [] : ['not right:', ...wrong])];
}
