/** Whether Slack takes what we say. `why` is a word or two of ours. */
export type SlackHealth =
  | { readonly kind: 'ok' }
  | { readonly kind: 'failing'; readonly since: number; readonly why: string };

/** Two failures within this time make it failing; one that works makes it well again. */
const SPAN_MS = 30_000;

export type HealthWatch = {
  readonly now: () => SlackHealth;
  failed(at: number, why: string): void;
  worked(): void;
};

/** Watches calls, in ms of the wall clock; tells `onChange` of each change. */
export function watchHealth(onChange: (health: SlackHealth) => void): HealthWatch {
  let health: SlackHealth = { kind: 'ok' };
  let last: number | undefined;
  return {
    now: () => health,
    failed: (at, why) => {
      const first = last;
      last = at;
      if (health.kind === 'failing' || first === undefined || at - first > SPAN_MS) return;
      health = { kind: 'failing', since: first, why };
      onChange(health);
    },
    worked: () => {
      last = undefined;
      if (health.kind === 'ok') return;
      health = { kind: 'ok' };
      onChange(health);
    },
  };
}
