/** Why something could not be seen. A gap is shown as such and is never evidence. */
export type GapReason =
  | 'not_configured'
  | 'unreachable'
  | 'timeout'
  | 'refused'
  | 'bad_answer'
  | 'no_data'
  | 'too_large'
  | 'not_recorded'
  | 'held_back';
export type Gap = { kind: 'gap'; reason: GapReason; detail: string };
export type Seen<T> = { kind: 'seen'; value: T } | Gap;
