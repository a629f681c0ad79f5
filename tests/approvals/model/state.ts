import type { Approval } from '#approvals/approval.ts';
import type { Ready } from '#approvals/moves.ts';
import type { CallId } from '#core/ids.ts';

/** What the executor is handed; `at` is the step of time at which it was minted. */
export type Order = {
  readonly index: number;
  readonly undo: boolean;
  readonly generation: number;
  readonly boot: number;
  readonly at: number;
  readonly call: CallId;
  readonly id: string;
};

/**
 * One of two workers that carry the plan out, and what it holds in its hands. A read and the append that rests on it are
 * two moments: `stale` says that something it read was written in between. `drift`: the target was not as it must be when
 * the worker looked.
 */
export type Worker =
  | { readonly pc: 'idle' }
  | { readonly pc: 'claiming'; readonly ready: Ready; readonly stale: boolean }
  | { readonly pc: 'looking'; readonly ready: Ready }
  | { readonly pc: 'looked'; readonly ready: Ready; readonly drift: boolean }
  | { readonly pc: 'starting'; readonly ready: Ready; readonly drift: boolean; readonly stale: boolean }
  | { readonly pc: 'permitted'; readonly order: Order }
  | { readonly pc: 'sent'; readonly order: Order }
  | { readonly pc: 'answered'; readonly order: Order; readonly answer: Answer };
export type Answer =
  | { readonly kind: 'done'; readonly generation: number }
  | { readonly kind: 'refused' | 'lost' };

/** One target in the world: its generation, and the one it has by what was approved and done for the plan. */
export type Target = { readonly generation: number; readonly expected: number };

/** Everything, at one instant. */
export type State = {
  readonly now: number;
  readonly off: boolean;
  readonly frozen: boolean;
  /** Alice has lost her role. */
  readonly demoted: boolean;
  readonly taken: boolean;
  readonly cleared: boolean;
  readonly approval: Approval;
  readonly targets: readonly Target[];
  readonly workers: readonly [Worker, Worker];
  readonly boot: number;
  /** Orders that were sent by a start that has died and may still arrive. */
  readonly orphans: readonly Order[];
  /** Orders that the executor of this start has taken up. */
  readonly used: readonly string[];
  /** How often each step, and each undo, had its effect: `0-run`. */
  readonly effects: Readonly<Record<string, number>>;
  /** Somebody or something ended the plan, by the log. */
  readonly over: boolean;
  /** The log says that it did not help. */
  readonly bad: boolean;
  /** Things that the outside world may still do. */
  readonly fate: number;
  readonly drifts: number;
};

export const effectKey = ({ index, undo }: Pick<Order, 'index' | 'undo'>): string =>
  `${index}-${undo ? 'undo' : 'run'}`;

/** The state as text: two with the same text behave alike, so one of them is enough. */
export function keyOf(state: State): string {
  const { approval } = state;
  let key = `${state.now}${bits(state)}${approval.state}${approval.undo}${state.boot}.${state.fate}.${state.drifts}|`;
  for (const { by } of approval.decisions) key += by;
  for (const { step, undo, outcome, generation } of approval.calls)
    key += `,${step}${undo ? 'u' : 'r'}${outcome}${generation}`;
  const one = workerKey(state.workers[0]);
  const other = workerKey(state.workers[1]);
  // The two workers are alike.
  key += one > other ? `|${other}/${one}|` : `|${one}/${other}|`;
  for (const { generation, expected } of state.targets) key += `${generation}.${expected},`;
  for (const order of state.orphans) key += orderKey(order);
  for (const id of state.used) key += `;${id}`;
  for (const name in state.effects) key += `;${name}${state.effects[name]}`;
  return key;
}

function bits({ off, frozen, demoted, taken, cleared, over, bad }: State): number {
  return [off, frozen, demoted, taken, cleared, over, bad].reduce((sum, bit) => sum * 2 + Number(bit), 0);
}

function workerKey(worker: Worker): string {
  switch (worker.pc) {
    case 'idle':
      return 'i';
    case 'claiming':
      return `c${readyKey(worker.ready)}${worker.stale}`;
    case 'looking':
      return `l${readyKey(worker.ready)}`;
    case 'looked':
      return `k${readyKey(worker.ready)}${worker.drift}`;
    case 'starting':
      return `s${readyKey(worker.ready)}${worker.drift}${worker.stale}`;
    case 'permitted':
      return `p${orderKey(worker.order)}`;
    case 'sent':
      return `t${orderKey(worker.order)}`;
    case 'answered':
      return `a${orderKey(worker.order)}${worker.answer.kind}`;
  }
}

const readyKey = ({ index, undo, generation }: Ready): string => `${index}${undo}${generation}`;
const orderKey = ({ id, generation, at }: Order): string => `${id}.${generation}.${at}`;
