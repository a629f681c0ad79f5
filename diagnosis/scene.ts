import type { CallId, ServiceId } from '#core/ids.ts';
import type { Inventory } from '#incidents/inventory.ts';
import type { SignalName } from '#incidents/vocabulary.ts';
import { type Evidence, type SignalView, signalKey } from './evidence.ts';
import { isConfigured, type Read, readKey } from './read.ts';

/** What the page says: where, about which signal (null = it does not say), and since when. */
export type About = {
  readonly service: ServiceId;
  readonly signal: SignalName | null;
  readonly since: number;
};

/** All that a question about the incident may look at. */
export type Scene = { readonly evidence: Evidence; readonly inventory: Inventory; readonly about: About };

/**
 * Answer to one question, the calls it rests on, and, where unseen, the looks that could still settle it. `missed`: it
 * should have been possible to see (the config says where), so not knowing weakens an answer.
 */
export type Verdict = {
  readonly is: 'yes' | 'no' | 'unseen';
  readonly calls: readonly CallId[];
  readonly wants: readonly Read[];
  readonly missed: boolean;
};

/** A question about one service. */
export type Question = (scene: Scene, service: ServiceId) => Verdict;

export const said = (is: boolean, calls: readonly CallId[]): Verdict => ({
  is: is ? 'yes' : 'no',
  calls,
  wants: [],
  missed: false,
});

/** Unseen; only looks that are configured and not yet taken are wanted. */
export function unseen(scene: Scene, looks: readonly Read[]): Verdict {
  const configured = looks.filter((read) => isConfigured(scene.inventory, read));
  const wants = configured.filter((read) => !scene.evidence.done.has(readKey(read)));
  return { is: 'unseen', calls: [], wants, missed: configured.length > 0 };
}

export const not = (verdict: Verdict): Verdict =>
  verdict.is === 'unseen' ? verdict : { ...verdict, is: verdict.is === 'yes' ? 'no' : 'yes' };

/** Yes if one is; no only if all are; an unseen one keeps it open. */
export function anyOf(verdicts: readonly Verdict[]): Verdict {
  const yes = verdicts.filter(({ is }) => is === 'yes');
  if (yes.length > 0)
    return said(
      true,
      yes.flatMap(({ calls }) => calls),
    );
  const calls = verdicts.flatMap((verdict) => verdict.calls);
  const open = verdicts.filter(({ is }) => is === 'unseen');
  if (open.length === 0) return said(false, calls);
  return {
    is: 'unseen',
    calls,
    wants: open.flatMap(({ wants }) => wants),
    missed: open.some(({ missed }) => missed),
  };
}

export const allOf = (verdicts: readonly Verdict[]): Verdict => not(anyOf(verdicts.map(not)));

/** The signal if it was seen with a state, else undefined. */
export function signalOf(scene: Scene, service: ServiceId, signal: SignalName): SignalView | undefined {
  const view = scene.evidence.signals.get(signalKey(service, signal));
  return view === undefined || view.state === 'unseen' ? undefined : view;
}

/** Asks something of a signal; unseen where the signal or the answer (`null`) is missing. */
export function ask(
  scene: Scene,
  read: Extract<Read, { tool: 'metrics_query' }>,
  test: (view: SignalView) => boolean | null,
): Verdict {
  const view = signalOf(scene, read.service, read.signal);
  const answer = view === undefined ? null : test(view);
  return answer === null ? unseen(scene, [read]) : said(answer, view?.calls ?? []);
}

export const metric = (service: ServiceId, signal: SignalName): Extract<Read, { tool: 'metrics_query' }> => ({
  tool: 'metrics_query',
  service,
  signal,
});
