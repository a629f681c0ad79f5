import { unreachable } from '#core/errors.ts';
import { deployOf } from '#incidents/refs.ts';
import type { ChangeOrder, Gap } from '../ports.ts';
import { historyOf, RESTARTED, type Revision, type Target, type Template } from './revisions.ts';

/** Where the keys of changes are kept on a deployment, the latest last. */
export const KEYS = 'firebreak/changes';
/** Older ones are dropped. */
export const MOST_KEYS = 20;

/** A change as operations of a JSON patch, and what must come of it. `to` is the revision that is gone back to. */
export type Plan = {
  readonly kind: 'restart' | 'rollback' | 'scale';
  readonly operations: readonly object[];
  readonly replicas: number;
  readonly template: Template;
  readonly to: Revision | null;
};
type From = {
  readonly found: { readonly target: Target; readonly revisions: readonly Revision[] };
  /** Null: only asked, nothing is kept. */
  readonly key: string | null;
  readonly now: number;
};

/** Works out a change of a deployment as it was found; it fits that uid and that resource version alone. */
export function planOf(change: ChangeOrder['change'], { found, key, now }: From): Plan | Gap {
  const { target, revisions } = found;
  const { replicas, template } = target.spec;
  const common = guarded(target, key);
  switch (change.tool) {
    case 'service_restart':
      return {
        ...{ kind: 'restart', replicas, template, to: null },
        operations: [...common, ...restarted(template, now)],
      };
    case 'service_scale':
      return {
        ...{ kind: 'scale', replicas: change.replicas, template, to: null },
        operations: [...common, { op: 'add', path: '/spec/replicas', value: change.replicas }],
      };
    case 'service_rollback': {
      const to =
        'version' in change
          ? revisions.find(({ version }) => version === change.version)
          : historyOf(revisions)[deployOf(change.to).back];
      if (to === undefined) {
        const wanted = 'version' in change ? change.version : change.to;
        return { kind: 'gap', reason: 'no_data', detail: `${wanted} is not in the history` };
      }
      return {
        ...{ kind: 'rollback', replicas, template: to.template, to },
        operations: [...common, { op: 'replace', path: '/spec/template', value: to.template }],
      };
    }
    default:
      return unreachable(change);
  }
}

/** Ties the patch to what was seen, and leaves the key behind. */
function guarded({ metadata }: Target, key: string | null): object[] {
  const { uid, generation, resourceVersion, annotations } = metadata;
  const same = [
    { op: 'test', path: '/metadata/uid', value: uid },
    { op: 'test', path: '/metadata/generation', value: generation },
  ];
  if (key === null) return same;
  const keys = [...keysIn(annotations), key].slice(-MOST_KEYS).join(' ');
  return [
    ...same,
    { op: 'replace', path: '/metadata/resourceVersion', value: resourceVersion },
    { op: 'add', path: '/metadata/annotations', value: { ...annotations, [KEYS]: keys } },
  ];
}

export function keysIn(annotations: Readonly<Record<string, string>>): string[] {
  return (annotations[KEYS] ?? '').split(' ').filter((key) => key !== '');
}

/** As `kubectl rollout restart` does it: pods that are made another way are made anew. */
function restarted({ metadata }: Template, now: number): object[] {
  const annotations = { ...metadata?.annotations, [RESTARTED]: new Date(now).toISOString() };
  const whole = { op: 'add', path: '/spec/template/metadata', value: { annotations } };
  return metadata === undefined
    ? [whole]
    : [{ op: 'add', path: '/spec/template/metadata/annotations', value: annotations }];
}
