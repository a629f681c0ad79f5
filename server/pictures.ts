import type { Entry, PayloadRef } from '#audit/log.ts';
import { type BodyOf, type Fact, readFact } from '#incidents/entry.ts';
import { type Incident, titleOf } from '#incidents/incident.ts';
import { IncidentFold } from '#incidents/incident-fold.ts';
import { DeploymentsSeen, SignalSeen } from '#incidents/observations.ts';
import { DeployRef, deployOf, ServiceRef, serviceOf } from '#incidents/refs.ts';
import { decodeToolContent } from '#sessions/items.ts';
import type { Mark, SignalPicture } from '#views/chart/picture.ts';
import { plainReason, resolutionWords, signalWords } from '#views/words.ts';

/** Content of a payload; undefined when it is erased. */
export type ReadPayload = (ref: PayloadRef) => Promise<Uint8Array | undefined>;

export type PictureAnswer =
  | { readonly kind: 'picture'; readonly picture: SignalPicture }
  /** Nobody has named the signal yet; nothing of it was measured; or its content was erased. */
  | { readonly kind: 'none'; readonly reason: 'no_incident' | 'no_signal' | 'not_measured' | 'erased' };

type Call = BodyOf<'tool.intended'>;
/** An answered look with what was asked. */
type Answered = { readonly call: Call; readonly ref: PayloadRef };

/** A picture shows this much of the time before the trouble, or twice as long as it lasted; what was read is the limit. */
const BEFORE_MS = { least: 3 * 60_000, times: 2 };
/** Looks at the signal overlap: the first ones and the last ones say all. */
const MOST_LOOKS = 6;

/**
 * The picture of the signal that the page is about, from the facts of an incident and from what its looks answered.
 * `entries` are all of that incident in order. Throws when a payload is not what its entry names.
 */
export async function incidentPicture(
  entries: readonly Entry[],
  { read, zone }: { read: ReadPayload; zone: string },
): Promise<PictureAnswer> {
  const { incident, facts } = folded(entries);
  if (incident === undefined) return { kind: 'none', reason: 'no_incident' };
  const signal = incident.monitor?.signal ?? null;
  if (signal === null) return { kind: 'none', reason: 'no_signal' };
  const looks = answered(facts);
  const ofSignal = looks.filter(
    ({ call }) =>
      call.tool === 'metrics_query' && serviceIn(call) === signal.service && call.args.signal === signal.name,
  );
  const kept =
    ofSignal.length <= MOST_LOOKS ? ofSignal : [...ofSignal.slice(0, 2), ...ofSignal.slice(2 - MOST_LOOKS)];
  const contents = await Promise.all(kept.map(({ ref }) => read(ref)));
  const seen = contents.flatMap((bytes) => parsed(bytes, SignalSeen) ?? []);
  const since = incident.monitor?.since ?? null;
  const points = fromThere(joined(seen), since ?? incident.openedAt);
  if (points.length === 0) {
    const erased = kept.length > 0 && contents.every((bytes) => bytes === undefined);
    return { kind: 'none', reason: erased ? 'erased' : 'not_measured' };
  }
  const deploys = await deployMarks(looks, { read, from: points[0]?.[0] ?? 0 });
  const onset: Mark[] =
    since === null ? [] : [{ at: since, kind: 'onset', text: `${signalWords(signal.name)} not normal` }];
  return {
    kind: 'picture',
    picture: {
      incident: incident.id,
      title: titleOf(incident),
      service: signal.service,
      signal: signal.name,
      points,
      normal: { low: Number(signal.low), high: Number(signal.high) },
      since,
      marks: [...deploys, ...onset, ...facts.flatMap(markOf)],
      zone,
    },
  };
}

function folded(entries: readonly Entry[]): { incident: Incident | undefined; facts: Fact[] } {
  const fold = new IncidentFold();
  for (const entry of entries) fold.apply(entry);
  return { incident: fold.current()[0], facts: entries.flatMap((entry) => readFact(entry) ?? []) };
}

/** Looks that answered, in the order of their answers. */
function answered(facts: readonly Fact[]): Answered[] {
  const calls = new Map<string, Call>();
  return facts.flatMap((fact) => {
    if (fact.kind === 'tool.intended') calls.set(fact.body.call, fact.body);
    if (fact.kind !== 'tool.finished' || fact.body.outcome !== 'ok') return [];
    const call = calls.get(fact.body.call);
    const [ref] = fact.entry.payloads;
    return call === undefined || ref === undefined ? [] : [{ call, ref }];
  });
}

function serviceIn({ args }: Call): string | null {
  const ref = ServiceRef.safeParse(args.service);
  return ref.success ? serviceOf(ref.data) : null;
}

function parsed<T>(
  bytes: Uint8Array | undefined,
  schema: { safeParse(value: unknown): { data?: T } },
): T | undefined {
  const content = bytes === undefined ? undefined : decodeToolContent(bytes);
  return content === undefined ? undefined : schema.safeParse(content.value).data;
}

/** `service rollback checkout`: the tool and what it is done to. */
function changeWords({ tool, args }: Call): string {
  const deploy = DeployRef.safeParse(args.to);
  const service = ServiceRef.safeParse(args.service ?? args.target);
  const target = deploy.success
    ? deployOf(deploy.data).service
    : service.success
      ? serviceOf(service.data)
      : '';
  return `${plainReason(tool)} ${target}`.trim();
}

type Points = SignalPicture['points'];

/** One series of several looks: a later look tells its whole time, an earlier one what lies before that. */
function joined(looks: readonly SignalSeen[]): Points {
  let series: [number, number | null][] = [];
  for (const { points } of looks.toReversed()) {
    const begin = series[0]?.[0] ?? Number.POSITIVE_INFINITY;
    const own = points.v.map((value, index): [number, number | null] => [
      points.from + Math.round(index * points.stepMs),
      value,
    ]);
    series = [...own.filter(([at]) => at < begin), ...series];
  }
  return series;
}

function fromThere(points: Points, since: number): Points {
  const last = points.at(-1)?.[0] ?? since;
  const before = Math.max(BEFORE_MS.least, BEFORE_MS.times * (last - since));
  return points.filter(([at]) => at >= since - before);
}

/** Deployments that were seen, of each service by its last look. */
async function deployMarks(
  looks: readonly Answered[],
  { read, from }: { read: ReadPayload; from: number },
): Promise<Mark[]> {
  const last = new Map<string, PayloadRef>();
  for (const { call, ref } of looks) {
    const service = serviceIn(call);
    if (call.tool === 'deployments_list' && service !== null) last.set(service, ref);
  }
  const contents = await Promise.all([...last.values()].map(read));
  return contents
    .flatMap((bytes) => parsed(bytes, DeploymentsSeen) ?? [])
    .flatMap(({ service, deployments }) =>
      deployments
        .filter(({ at }) => at >= from)
        .map(({ at, version }): Mark => ({ at, kind: 'deploy', text: `deploy of ${service} ${version}` })),
    );
}

/** What the facts of an incident say happened; changes are those that people approved, and their undo. */
function markOf(fact: Fact): Mark[] {
  const at = fact.entry.ts;
  switch (fact.kind) {
    case 'incident.opened':
      return [{ at, kind: 'page', text: 'page' }];
    case 'tool.intended': {
      const { approval, phase } = fact.body;
      if (approval === null || (phase !== 'run' && phase !== 'undo')) return [];
      return [{ at, kind: 'change', text: `${phase === 'undo' ? 'undo: ' : ''}${changeWords(fact.body)}` }];
    }
    case 'action.verified':
      return [{ at, kind: 'good', text: 'back to normal' }];
    case 'action.unverified':
      return [{ at, kind: 'bad', text: 'did not come back' }];
    case 'incident.resolved':
      return [{ at, kind: 'good', text: resolutionWords(fact.body.resolution) }];
    case 'incident.reopened':
      return [{ at, kind: 'page', text: 'the page came back' }];
    default:
      return [];
  }
}
