/** Whether Slack takes what we say, and what people say there arrives. `why` is a word or two of ours. */
export type SlackHealth =
  | { readonly kind: 'ok' }
  | { readonly kind: 'failing'; readonly since: number; readonly why: string };

/** Two failures within this time make it failing; one that works makes it well again. */
const SPAN_MS = 30_000;
/** Calls that fail together are one failure. */
const TOGETHER_MS = 1_000;

/** Why it fails when messages can be posted, but nothing that people press or say arrives. */
export const DEAF = 'what people press and say does not arrive';

export type HealthWatch = {
  readonly now: () => SlackHealth;
  /** `isSure`: there is no use in waiting for a second one. */
  failed(at: number, why: string, isSure?: boolean): void;
  worked(): void;
  /** The connection by which we hear people is away since then; null: it stands. */
  deaf(since: number | null): void;
};

const OK: SlackHealth = { kind: 'ok' };

/** Watches calls and the connection, in ms of the wall clock; tells `onChange` of each change. */
export function watchHealth(onChange: (health: SlackHealth) => void): HealthWatch {
  let saying: SlackHealth = OK;
  let hearing: SlackHealth = OK;
  let last: number | undefined;
  const now = (): SlackHealth => (saying.kind === 'ok' ? hearing : saying);
  const change = (step: () => void): void => {
    const before = now();
    step();
    if (now() !== before) onChange(now());
  };
  return {
    now,
    failed: (at, why, isSure = false) => {
      const first = last;
      if (!isSure && first !== undefined && at >= first && at - first < TOGETHER_MS) return;
      last = at;
      if (saying.kind === 'failing') return;
      const isSecond = first !== undefined && at - first <= SPAN_MS;
      if (isSure || isSecond) change(() => (saying = { kind: 'failing', since: first ?? at, why }));
    },
    worked: () => {
      last = undefined;
      change(() => (saying = OK));
    },
    deaf: (since) => {
      if (since !== null && hearing.kind === 'failing') return;
      change(() => (hearing = since === null ? OK : { kind: 'failing', since, why: DEAF }));
    },
  };
}
