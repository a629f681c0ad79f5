import { z } from 'zod';
import type { Deployment, Seen } from '../ports.ts';
import { Count, LabelSelector, Meta, opt, Time } from './wire.ts';

const Labels = z.record(z.string(), z.string()).optional();
/** Sent back as it came: nothing is added to it. */
const Template = z.looseObject({
  metadata: z.looseObject({ labels: Labels, annotations: Labels }).optional(),
  spec: z.looseObject({ containers: z.array(z.looseObject({ image: z.string().optional() })) }),
});
export type Template = z.infer<typeof Template>;

/** A deployment as it is changed: how its pods are made is kept whole, as it is sent back. */
export const Target = z.object({
  metadata: Meta,
  spec: z.object({
    replicas: Count,
    template: Template,
    selector: LabelSelector,
  }),
  status: z
    .object({
      observedGeneration: opt(Count),
      replicas: opt(Count),
      updatedReplicas: opt(Count),
      availableReplicas: opt(Count),
      conditions: opt(z.array(z.object({ type: z.string(), lastUpdateTime: opt(Time) }))),
    })
    .prefault({}),
});
export type Target = z.infer<typeof Target>;

/** A replica set: one way that the pods of a deployment are, or were, made. */
export const RevisionSet = z.object({ metadata: Meta, spec: z.object({ template: Template }) });
export type RevisionSet = z.infer<typeof RevisionSet>;

/** One revision of a deployment; `number` changes when it is gone back to, `version` does not. */
export type Revision = {
  readonly number: number;
  readonly version: string;
  readonly hash: string;
  readonly at: number;
  readonly by: string;
  readonly template: Template;
};

export const REVISION = 'deployment.kubernetes.io/revision';
const HISTORY = 'deployment.kubernetes.io/revision-history';
const CAUSE = 'kubernetes.io/change-cause';
export const RESTARTED = 'kubectl.kubernetes.io/restartedAt';
const HASH = 'pod-template-hash';
const MAX_VERSION = 80;

/** The revisions of a deployment, newest first. */
export function revisionsOf(target: Target, sets: readonly RevisionSet[]): Revision[] {
  const own = sets.filter(({ metadata }) =>
    metadata.ownerReferences.some(({ uid }) => uid === target.metadata.uid),
  );
  const current = Number(target.metadata.annotations[REVISION]);
  const moved = target.status.conditions?.find(({ type }) => type === 'Progressing')?.lastUpdateTime ?? null;
  return own
    .flatMap(({ metadata, spec }): Revision[] => {
      const number = Number(metadata.annotations[REVISION]);
      const hash = metadata.labels[HASH];
      if (!Number.isInteger(number) || hash === undefined) return [];
      const made = metadata.creationTimestamp ?? 0;
      // One that was gone back to is older than its number says.
      const isAgain = metadata.annotations[HISTORY] !== undefined && number === current;
      const at = isAgain ? Math.max(made, moved ?? 0) : made;
      const by = metadata.annotations[CAUSE] ?? 'unknown';
      const { template } = spec;
      return [{ number, version: `${imagesOf(template)} ${hash}`, hash, at, by, template: plain(template) }];
    })
    .sort((a, b) => b.number - a.number);
}

/** What runs, and what ran before; a mere restart is no deployment. */
export function historyOf(revisions: readonly Revision[]): Revision[] {
  const kept: Revision[] = [];
  for (const one of [...revisions].reverse()) {
    const before = kept.at(-1);
    const isRestart = before !== undefined && sameButRestarts(before.template, one.template);
    // The later of the two is what can be gone back to; it began when the first did.
    if (isRestart) kept[kept.length - 1] = { ...one, at: before.at, by: before.by };
    else kept.push(one);
  }
  return kept.reverse();
}

export function deploymentsOf(revisions: readonly Revision[]): Seen<readonly Deployment[]> {
  const value = historyOf(revisions).map(({ version, at, by }) => ({ version, at, by }));
  if (value.length > 0) return { kind: 'seen', value };
  return { kind: 'gap', reason: 'no_data', detail: 'the deployment has no revisions yet' };
}

/** Name and tag of the first image, and how many more there are. */
export function imagesOf({ spec: { containers } }: Template): string {
  const [first, ...others] = containers.map(({ image }) => image ?? 'no image');
  const name = (first ?? 'no image').split('/').at(-1) ?? '';
  const short = name.replace(/@sha256:([0-9a-f]{12})[0-9a-f]*$/, '@$1').replace(/[^\x20-\x7e]/g, '?');
  return `${short.slice(0, MAX_VERSION)}${others.length === 0 ? '' : ` and ${others.length} more`}`;
}

/** Without what the deployment controller adds. */
function plain(template: Template): Template {
  const labels = { ...template.metadata?.labels };
  delete labels[HASH];
  return { ...template, metadata: { ...template.metadata, labels } };
}

export function sameTemplate(one: Template, other: Template): boolean {
  return text(plain(one)) === text(plain(other));
}

function sameButRestarts(one: Template, other: Template): boolean {
  return text(withoutRestart(one)) === text(withoutRestart(other));
}

function withoutRestart(template: Template): Template {
  const annotations = { ...template.metadata?.annotations };
  delete annotations[RESTARTED];
  return { ...template, metadata: { ...template.metadata, annotations } };
}

/** The same for the same value, whatever the order of its fields; null and empty are nothing. */
function text(value: unknown): string {
  return JSON.stringify(sorted(value));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  const fields = Object.entries(value).filter(([, one]) => !isNothing(one));
  return Object.fromEntries(
    fields.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, one]) => [key, sorted(one)]),
  );
}

function isNothing(value: unknown): boolean {
  if (value === null || value === undefined) return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}
