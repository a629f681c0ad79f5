/** What one look gave: `unseen` where nothing could be measured, which is evidence of nothing. */
export type Reading = 'good' | 'bad' | 'unseen';

/** Times are monotonic ms, `began` is wall time. */
export type WatchState =
  | { kind: 'quiet' }
  | { kind: 'pending'; since: number; began: number }
  | { kind: 'firing'; began: number; told: boolean }
  | { kind: 'recovering'; since: number; began: number }
  | { kind: 'recovered'; began: number };

/**
 * One step of a watch.
 * quiet -> pending when a reading is bad; pending -> firing when all readings of `forMs` were bad, and back to quiet at
 * the first that is not. firing -> recovering when a reading is good and people were told; recovering -> recovered when
 * all readings of `forMs` were good, and back to firing at the first that is not. A firing nobody was told of goes
 * straight to quiet when it is good again. `firing` untold and `recovered` ask the caller to tell; `toldOf` moves on.
 */
export function step(
  state: WatchState,
  reading: Reading,
  at: { mono: number; wall: number; forMs: number },
): WatchState {
  switch (state.kind) {
    case 'quiet':
      return reading === 'bad' ? ripe({ kind: 'pending', since: at.mono, began: at.wall }, at) : state;
    case 'pending':
      return reading === 'bad' ? ripe(state, at) : { kind: 'quiet' };
    case 'firing':
      if (reading !== 'good') return state;
      return state.told
        ? ripe({ kind: 'recovering', since: at.mono, began: state.began }, at)
        : { kind: 'quiet' };
    case 'recovering':
      return reading === 'good' ? ripe(state, at) : { kind: 'firing', began: state.began, told: true };
    case 'recovered':
      return reading === 'bad' ? { kind: 'firing', began: state.began, told: true } : state;
  }
}

function ripe(
  state: Extract<WatchState, { kind: 'pending' | 'recovering' }>,
  at: { mono: number; forMs: number },
): WatchState {
  if (at.mono - state.since < at.forMs) return state;
  const { began } = state;
  return state.kind === 'pending' ? { kind: 'firing', began, told: false } : { kind: 'recovered', began };
}

/** What to tell now, if anything. */
export function toTell(state: WatchState): 'firing' | 'cleared' | null {
  if (state.kind === 'firing' && !state.told) return 'firing';
  return state.kind === 'recovered' ? 'cleared' : null;
}

/** The state after what `toTell` asked for is durable. */
export function toldOf(state: WatchState): WatchState {
  if (state.kind === 'firing') return { ...state, told: true };
  return state.kind === 'recovered' ? { kind: 'quiet' } : state;
}
